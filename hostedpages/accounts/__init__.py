"""Who may enter: users, sessions, links, roles. Imports nothing, so that commands stay light."""
