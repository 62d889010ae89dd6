"""Mail as files, for an installation that has no mail server yet.

Must never leave half a file under its final name.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from hostedpages import clock
from hostedpages.mail.errors import MailError
from hostedpages.mail.message import OutgoingMessage

RECEIPT = "Written to mail/"


def is_receipt(text: str) -> bool:
    """Whether a stored receipt says that the mail was only written down; a note may precede it."""
    is_noted = text.startswith("Sent ") and f". {RECEIPT}" in text
    return text.startswith(RECEIPT) or is_noted


class FolderTransport:
    """Writes each message to `<folder>/<time>-<id>.eml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(
        self, message: OutgoingMessage, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        """Write the message; return the receipt, its file name. Raises MailError."""
        await before_final()
        try:
            return await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise MailError(
                f"The mail folder cannot be written: {error.strerror}.", kind="folder", server=True
            ) from error

    async def close(self) -> None:
        """Nothing stays open."""

    def _write(self, message: OutgoingMessage) -> str:
        identifier = message.message_id.strip("<>").partition("@")[0]
        name = f"{clock.now():%Y%m%dT%H%M%S}-{identifier}.eml"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self.folder / f".{name}.tmp"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.folder / name)
        return f"{RECEIPT}{name}"
