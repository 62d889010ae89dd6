"""Real mail servers on the loopback: a Postfix that asks a Dovecot who may sign in, and lays mail
into its mailbox.

Started once a session from the machine's own packages, in a folder of its own. Postfix can only be
started by root. Must never touch the system's own servers, and never send mail anywhere else.
"""

import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hostedpages.mail.server import Server
from tests.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.servers import free_port
from tools.mailservers import POSTFIX, has_postfix, may_start_postfix

START_SECONDS = 120
DOMAIN = USER.rpartition("@")[2]

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {programs}
command_directory = /usr/sbin
meta_directory = {folder}/config
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = {owner}
myhostname = mail.example.com
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = inline:{{ {{ {user} = mail/ }} }}
virtual_mailbox_base = {mailbox}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
default_transport = discard:
relay_transport = discard:
message_size_limit = 5242880
smtpd_sasl_type = dovecot
smtpd_sasl_path = {mailbox}/auth
smtpd_tls_auth_only = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_login_maps = inline:{{ {{ {user} = {user} }} }}
smtpd_client_connection_count_limit = 0
smtpd_tls_chain_files = {folder}/right.pem
smtpd_error_sleep_time = 0
smtp_dns_support_level = disabled
bounce_queue_lifetime = 0
"""
_MASTER = """
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
"""
# However the tests end, their end of the pipe closes, and Postfix ends with them.
_MORTAL = 'set -m; "$1" -c "$2" -d & cat; kill -TERM $!; wait'
_PRIVATE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming")
_OPTIONS = {
    "starttls": "-o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_sender_restrictions=reject_sender_login_mismatch",
    "ssl": "-o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes",
    "none": "-o smtpd_tls_security_level=none",
}


@dataclass(frozen=True)
class MailServers:
    """A running Postfix and Dovecot. `ports` are by security, and by wrong certificate."""

    ports: dict[str, int]
    mailbox: Dovecot
    trust: ssl.SSLContext

    def server(
        self, security: str, *, certificate: str = "", user: str = USER, password: str = PASSWORD
    ) -> Server:
        """How to talk to it; with `certificate` to one that is `expired`, `foreign` or `self`."""
        port = self.ports[f"{certificate}-{security}" if certificate else security]
        if security == "none":
            user = password = ""
        return Server("127.0.0.1", port, security, user, password, allow_private=True)

    def trust_file(self, folder: Path) -> Path:
        """The authority that signed the right certificate, for a program of its own."""
        file = folder / "authority.pem"
        self.mailbox.authority.cert_pem.write_to_path(file)
        return file


@contextmanager
def mail_servers() -> Iterator[MailServers]:
    """Run them until the block ends."""
    assert has_postfix(), "Postfix is not installed: tools/bootstrap.py knows how"
    assert may_start_postfix(), "Postfix can only be started by root; leave it out: --no-postfix"
    # Short, and open to the users that the servers run as.
    folder = Path(tempfile.mkdtemp(prefix="hostedpages-mail-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        (folder / "mailbox").mkdir()
        with dovecot(folder / "mailbox") as mailbox:
            ports = _ports()
            _write(folder, mailbox, ports)
            with _running(folder, list(ports.values())):
                trust = ssl.create_default_context()
                mailbox.authority.configure_trust(trust)
                yield MailServers(ports, mailbox, trust)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ports() -> dict[str, int]:
    wrong = [
        f"{name}-{each}" for name in ("expired", "foreign", "self") for each in ("starttls", "ssl")
    ]
    return {name: free_port() for name in ("starttls", "ssl", "none", *wrong)}


def _write(folder: Path, mailbox: Dovecot, ports: dict[str, int]) -> None:
    owner = pwd.getpwnam("postfix")
    nobody = pwd.getpwnam("nobody")
    for part in ("queue", "queue/pid", "config"):
        (folder / part).mkdir()
    for part in (*_PRIVATE, "private", "public", "saved", "trace"):
        (folder / "queue" / part).mkdir(mode=0o700)
        os.chown(folder / "queue" / part, owner.pw_uid, owner.pw_gid)
    (folder / "data").mkdir(mode=0o700)
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    _write_certificates(folder, mailbox.authority)
    (folder / "config" / "main.cf").write_text(
        _MAIN.format(
            folder=folder,
            programs=POSTFIX.parent,
            owner=owner.pw_name,
            domain=DOMAIN,
            user=USER,
            mailbox=mailbox.folder,
            uid=nobody.pw_uid,
            gid=nobody.pw_gid,
        )
    )
    lines = [_MASTER]
    for name, port in ports.items():
        certificate, _, security = name.rpartition("-")
        chain = f" -o smtpd_tls_chain_files={folder}/{certificate}.pem" if certificate else ""
        lines.append(f"127.0.0.1:{port} inet n - n - - smtpd {_OPTIONS[security]}{chain}")
    (folder / "config" / "master.cf").write_text("\n".join(lines) + "\n")


def _write_certificates(folder: Path, authority: trustme.CA) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for name, issued in {
        "right": authority.issue_cert("127.0.0.1"),
        "expired": authority.issue_cert("127.0.0.1", not_after=yesterday),
        "foreign": authority.issue_cert("other.example"),
    }.items():
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        (folder / f"{name}.pem").write_bytes(issued.private_key_pem.bytes() + chain)
    (folder / "self.pem").write_bytes(_self_signed())


def _self_signed() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


@contextmanager
def _running(folder: Path, ports: list[int]) -> Iterator[None]:
    process = subprocess.Popen(
        ["sh", "-c", _MORTAL, "sh", str(POSTFIX), str(folder / "config")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C ends the tests first, then this
    )
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        _wait(folder, process, ports)
        yield
    finally:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()
        process.stderr.close()


def _wait(folder: Path, process: subprocess.Popen[bytes], ports: list[int]) -> None:
    until = time.monotonic() + START_SECONDS
    missing = list(ports)
    while missing and time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", missing[-1])) == 0:
                missing.pop()
                continue
        time.sleep(0.05)
    if missing:
        said = (
            process.stderr.read().decode() if process.poll() is not None and process.stderr else ""
        )
        log = folder / "log"
        said += log.read_text()[-2000:] if log.exists() else ""
        raise AssertionError(f"Postfix did not start: {said}")
