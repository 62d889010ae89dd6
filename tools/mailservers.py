"""Finds the real mail servers that the mail tests start, and installs them where that may be.

Standard library only. Must never leave a server running on the machine: Postfix is installed
without a configuration, so that the system starts none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tools import machine

POSTFIX = Path("/usr/lib/postfix/sbin/master")
_PATH = f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}"
_NO_CONFIGURATION = "postfix postfix/main_mailer_type select No configuration\n"


def has_dovecot() -> bool:
    """Whether Dovecot is on this machine."""
    return shutil.which("dovecot", path=_PATH) is not None


def has_postfix() -> bool:
    """Whether Postfix is on this machine."""
    return POSTFIX.exists()


def may_start_postfix() -> bool:
    """Postfix changes its user itself, so only root can start it."""
    return os.geteuid() == 0


def install() -> None:
    """Install what is missing."""
    if not has_dovecot():
        machine.install("dovecot-imapd", why="Dovecot for the mail tests")
    if not has_postfix() and may_start_postfix():
        machine.install("postfix", why="Postfix for the mail tests", answers=_NO_CONFIGURATION)
