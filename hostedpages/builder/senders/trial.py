"""A test of settings: which server, with which secret, and what its end proves.

Must never send a stored password to another server than it was given for: the vault would refuse,
and the person is asked for it again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from hostedpages.builder.senders import service
from hostedpages.builder.senders.wanted import (
    OF_A_MAIL,
    OF_THE_SERVER,
    OF_THE_SIGN_IN,
    Wanted,
    WrongFields,
)
from hostedpages.config import Settings
from hostedpages.mail import checks
from hostedpages.mail.check import Check
from hostedpages.mail.headers import header_text
from hostedpages.mail.imap_session import ImapServer
from hostedpages.mail.server import Server
from hostedpages.models import Sender
from hostedpages.vault import CannotOpen, Vault

KINDS = {
    "server": "Test server",
    "login": "Test login",
    "send": "Test SMTP send",
}
CANNOT_OPEN = (
    "The stored password cannot be read any more: the installation’s key was changed. Please "
    "enter it again."
)


@dataclass(frozen=True)
class Trial:
    """One test, ready to run. `sender_id` is set when it tests exactly what is stored."""

    kind: str
    server: Server
    imap: ImapServer | None
    mail_from: str
    to: str
    sender_id: int | None
    place: str

    def steps(self) -> AsyncIterator[Check]:
        """The steps, each said when it begins and when it has ended."""
        if self.kind == "server":
            return checks.check_server(self.server)
        if self.kind == "login":
            return checks.check_login(self.server, self.imap)
        return checks.check_send(self.server, mail_from=self.mail_from, to=self.to)

    def keep(self, ended: list[Check]) -> None:
        """Note the result at the sender. Needs an open unit."""
        if self.sender_id is None:
            return
        wrong = next((step for step in ended if step.state == "problem"), None)
        problem = f"{wrong.title}: {wrong.detail}" if wrong else ""
        proves = self.kind != "server" and wrong is None
        service.keep_result(self.sender_id, self.place, problem=problem, proves_login=proves)


def of(
    kind: str,
    wanted: Wanted,
    problems: dict[str, str],
    *,
    stored: Sender | None,
    to: str,
    settings: Settings,
) -> Trial:
    """The test of these settings. Raises WrongFields for the fields that it needs."""
    needed = {"server": OF_THE_SERVER, "login": OF_THE_SIGN_IN, "send": OF_A_MAIL}[kind]
    wrong = {name: words for name, words in problems.items() if name in needed}
    password = ""
    if kind != "server":
        problem = service.password_problem(stored, wanted) if stored else ""
        if problem and "password" not in wrong:
            wrong["password"] = problem
        password = wanted.password or _stored_password(stored, wanted, wrong, settings)
    if wrong:
        raise WrongFields(wrong)
    as_wanted = wanted.as_sender(stored) if stored else None
    user = wanted.user_name or wanted.email
    allow_private = settings.allows_private_hosts
    return Trial(
        kind=kind,
        server=Server(
            wanted.smtp_host,
            wanted.smtp_port,
            wanted.security,
            user if password else "",
            password,
            allow_private=allow_private,
        ),
        imap=ImapServer(
            wanted.imap_host, wanted.imap_port, user, password, allow_private=allow_private
        )
        if wanted.imap_enabled and kind == "login"
        else None,
        mail_from=_named(wanted.from_name, wanted.email),
        to=to,
        sender_id=stored.id
        if stored and as_wanted and _is_same(stored, as_wanted, wanted)
        else None,
        place=stored.secret_place if stored else "",
    )


def _stored_password(
    stored: Sender | None, wanted: Wanted, wrong: dict[str, str], settings: Settings
) -> str:
    if stored is None or not stored.secret_sealed or wrong or wanted.sign_in != "password":
        return ""
    try:
        place = wanted.as_sender(stored).secret_place
        return Vault(settings.secret_keys).open(stored.secret_sealed, place=place)
    except CannotOpen:
        wrong["password"] = CANNOT_OPEN
        return ""


def _named(name: str, address: str) -> str:
    name = header_text(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{address}>' if name else address


def _is_same(stored: Sender, as_wanted: Sender, wanted: Wanted) -> bool:
    return (
        not wanted.password
        and as_wanted.secret_place == stored.secret_place
        and (as_wanted.security, as_wanted.email) == (stored.security, stored.email)
    )
