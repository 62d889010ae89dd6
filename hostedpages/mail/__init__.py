"""Talking to mail servers: building a message, sending it, telling why it did not go.

Must never know about Flask, the database or a delivery row.
"""

from hostedpages.config import Settings
from hostedpages.mail.folder import FolderTransport
from hostedpages.mail.smtp import Server, Transport

__all__ = ["FolderTransport", "Server", "Transport", "transport_for"]

PLATFORM_CONNECTIONS = 10


def transport_for(settings: Settings) -> Transport | FolderTransport:
    """The way mail leaves this installation: its SMTP server, or files in the data folder.

    Raises ValueError, without the password, when HOSTEDPAGES_SMTP_URL cannot be used.
    """
    if settings.smtp_url:
        return Transport(Server.from_url(settings.smtp_url), connections=PLATFORM_CONNECTIONS)
    return FolderTransport(settings.mail_dir)
