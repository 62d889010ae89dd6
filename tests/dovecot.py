"""A real Dovecot on the loopback, with one mailbox, in a folder of the test.

Runs as whoever runs the tests; started by root it hands the mailbox to `nobody`, because Dovecot
opens none as root. Must never touch the system's own Dovecot or its mail.
"""

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

from tests.servers import free_port

DOVECOT = shutil.which("dovecot", path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
USER, PASSWORD = "office@example.com", "correct horse, battery"
START_SECONDS = 120

_CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
mail_location = maildir:{base}/mail
auth_mechanisms = plain login
disable_plaintext_auth = yes
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
first_valid_uid = 1
mail_uid = {mail_user}
mail_gid = {mail_group}
default_vsz_limit = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {base}/users
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={base}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service auth {{
  unix_listener {base}/auth {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass
class Dovecot:
    """A running server and its mailbox. `tls_port` is encrypted from the first byte."""

    tls_port: int
    starttls_port: int
    folder: Path
    authority: trustme.CA
    _owner: tuple[int, int]
    _number: int = 0

    def put(self, content: bytes) -> None:
        """Lay a message into the inbox, as new and unread."""
        self._number += 1
        made = self.folder / "mail" / "tmp" / f"{time.time():.6f}.{self._number}.test"
        made.write_bytes(content.replace(b"\r\n", b"\n"))
        os.chown(made, *self._owner)
        made.rename(self.folder / "mail" / "new" / made.name)

    def empty(self) -> None:
        """Take all messages away, as their owner may at any time."""
        for part in ("new", "cur"):
            for each in self._part(part):
                each.unlink()
        self._number = 0

    @property
    def is_untouched(self) -> bool:
        """Whether no message carries a flag, and all are still there."""
        names = [each.name for part in ("new", "cur") for each in self._part(part)]
        return len(names) == self._number and not any(name.partition(":2,")[2] for name in names)

    def _part(self, name: str) -> list[Path]:
        return list((self.folder / "mail" / name).iterdir())


@contextmanager
def dovecot(folder: Path | None = None) -> Iterator[Dovecot]:
    """Run one with its data in `folder`, or in one of its own, until the block ends.

    Not in a folder of pytest: that closes its folders to everybody else at each start.
    """
    if folder is None:
        with TemporaryDirectory(prefix="hostedpages-dovecot-") as made:
            Path(made).chmod(0o755)
            with dovecot(Path(made)) as running:
                yield running
        return
    assert DOVECOT, "Dovecot is not installed: tools/bootstrap.py knows how"
    is_root = os.getuid() == 0
    mail = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.getuid())
    owner = (mail.pw_uid, mail.pw_gid)
    for part in ("run", "state", "home", "mail", "mail/cur", "mail/new", "mail/tmp"):
        (folder / part).mkdir(mode=0o755)
        os.chown(folder / part, *owner)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    (folder / "cert.pem").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    (folder / "users").chmod(0o644)
    me = getpass.getuser()
    group = "nogroup" if is_root else grp.getgrgid(os.getgid()).gr_name
    made = Dovecot(free_port(), free_port(), folder, authority, owner)
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            base=folder,
            user="nobody" if is_root else me,
            group=group,
            login_user="nobody" if is_root else me,
            mail_user=mail.pw_uid,
            mail_group=mail.pw_gid,
            tls_port=made.tls_port,
            starttls_port=made.starttls_port,
        )
    )
    process = subprocess.Popen(
        [DOVECOT, "-F", "-c", str(folder / "dovecot.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _wait(made, process)
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _wait(made: Dovecot, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            raise AssertionError(f"Dovecot did not start: {said}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", made.tls_port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("Dovecot did not listen in time")
