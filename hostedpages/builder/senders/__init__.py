"""Senders: the mail identities of an account, their set-up, their tests, how they are doing."""
