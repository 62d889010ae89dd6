"""Settings: the account, its users, one's own devices, lead sources."""
