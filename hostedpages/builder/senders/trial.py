"""A test of settings: which server, with which secret, and what its end proves.

Must never send a stored password to another server than it was given for: the vault would refuse,
and the person is asked for it again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from hostedpages.builder.senders import passwords, service
from hostedpages.builder.senders.forms import SIGN_INS
from hostedpages.builder.senders.proof import Proof
from hostedpages.builder.senders.wanted import (
    OF_A_MAIL,
    OF_THE_SERVER,
    OF_THE_SIGN_IN,
    Wanted,
    WrongFields,
)
from hostedpages.config import Settings
from hostedpages.mail import checks, oauth
from hostedpages.mail.check import Check
from hostedpages.mail.errors import MailError
from hostedpages.mail.headers import named
from hostedpages.mail.imap_session import ImapServer
from hostedpages.mail.oauth import OAuthClient
from hostedpages.mail.server import Server
from hostedpages.models import Sender
from hostedpages.vault import CannotOpen, Vault

KINDS = {
    "server": "Test server",
    "login": "Test login",
    "send": "Test SMTP send",
}
SIGN_IN_ANEW = "Something of this sign-in changed. Save first, then sign in again."


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
    proof: Proof | None = None
    consent: OAuthClient | None = None
    refresh_token: str = field(default="", repr=False)

    async def steps(self) -> AsyncIterator[Check]:
        """The steps, each said when it begins and when it has ended."""
        server, imap = self.server, self.imap
        if self.consent is not None:
            title = f"Ask {self.consent.provider.label} for permission"
            yield Check("consent", title, "running")
            try:
                token = await oauth.access_token(self.consent, self.refresh_token)
            except MailError as error:
                yield Check("consent", title, "problem", error.message, error.hint)
                return
            yield Check("consent", title, "ok", "Permission was given.")
            server = replace(server, token=token.value)
            imap = replace(imap, token=token.value) if imap else None
        async for step in self._talk(server, imap):
            yield step

    def _talk(self, server: Server, imap: ImapServer | None) -> AsyncIterator[Check]:
        if self.kind == "server":
            return checks.check_server(server)
        if self.kind == "login":
            return checks.check_login(server, imap)
        return checks.check_send(server, mail_from=self.mail_from, to=self.to)

    def proven(self, ended: list[Check]) -> str:
        """What the page keeps of a test that signed in, for when these settings are saved."""
        if self.proof is None or not self._proves_login(ended):
            return ""
        return self.proof.sign(self.kind)

    def _proves_login(self, ended: list[Check]) -> bool:
        has_problem = any(step.state == "problem" for step in ended)
        return self.kind != "server" and bool(ended) and not has_problem

    def keep(self, ended: list[Check]) -> None:
        """Note the result at the sender. Needs an open unit."""
        if self.sender_id is None:
            return
        wrong = next((step for step in ended if step.state == "problem"), None)
        problem = f"{wrong.title}: {wrong.detail}\n{wrong.hint}".strip() if wrong else ""
        proves = self._proves_login(ended)
        service.keep_result(self.sender_id, self.place, problem=problem, proves_login=proves)


def of(
    kind: str,
    wanted: Wanted,
    problems: dict[str, str],
    *,
    account_id: int,
    stored: Sender | None,
    to: str,
    settings: Settings,
) -> Trial:
    """The test of these settings. Raises WrongFields for the fields that it needs."""
    needed = {"server": OF_THE_SERVER, "login": OF_THE_SIGN_IN, "send": OF_A_MAIL}[kind]
    wrong = {name: words for name, words in problems.items() if name in needed}
    signs_in = kind != "server"
    consent = oauth.clients(settings).get(wanted.sign_in) if signs_in else None
    secret = ""
    if signs_in and not wrong:
        secret = wanted.password or _stored_secret(stored, wanted, wrong, settings)
    if signs_in and wanted.sign_in != "password" and not (secret and consent) and not wrong:
        wrong["sign_in"] = f"Save first, then sign in with {SIGN_INS[wanted.sign_in]}."
    if wrong:
        raise WrongFields(wrong)
    user = (wanted.user_name or wanted.email) if secret else ""
    password = "" if consent else secret
    private = settings.allows_private_hosts
    return Trial(
        kind=kind,
        server=Server(
            wanted.smtp_host,
            wanted.smtp_port,
            wanted.security,
            user,
            password,
            allow_private=private,
        ),
        imap=ImapServer(wanted.imap_host, wanted.imap_port, user, password, allow_private=private)
        if wanted.imap_enabled
        else None,
        mail_from=named(wanted.from_name, wanted.email),
        to=to,
        sender_id=stored.id if stored and _is_as_stored(stored, wanted) else None,
        place=stored.secret_place if stored else "",
        proof=Proof.of(wanted, secret, account_id=account_id, settings=settings)
        if wanted.sign_in == "password"
        else None,
        consent=consent,
        refresh_token=secret if consent else "",
    )


def _stored_secret(
    stored: Sender | None, wanted: Wanted, wrong: dict[str, str], settings: Settings
) -> str:
    """The stored password or refresh token; empty when there is none, or `wrong` says why not."""
    if problem := passwords.problem_of(stored, wanted):
        wrong["password"] = problem
        return ""
    if stored is None or not stored.secret_sealed or stored.sign_in != wanted.sign_in:
        return ""
    if passwords.has_none(wanted):
        return ""
    try:
        # A token opens only where it was given; a password may also get the inbox of its server.
        of = stored if wanted.sign_in == "password" else wanted.as_sender(stored)
        place = of.secret_place
        return Vault(settings.secret_keys).open(stored.secret_sealed, place=place)
    except CannotOpen:
        is_password = wanted.sign_in == "password"
        wrong["password" if is_password else "sign_in"] = (
            passwords.CANNOT_OPEN if is_password else SIGN_IN_ANEW
        )
        return ""


def _is_as_stored(stored: Sender, wanted: Wanted) -> bool:
    made = wanted.as_sender(stored)
    return (
        not wanted.password
        and not (passwords.has_none(wanted) and stored.secret_sealed)
        and made.secret_place == stored.secret_place
        and (made.security, made.email) == (stored.security, stored.email)
    )
