"""What a person asked a sender to be: read from the form, cleaned and judged, all faults at once.

Must never ask the network, and never give a password back to the form.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from email_validator import EmailNotValidError, validate_email

from hostedpages.builder.senders import windows
from hostedpages.builder.senders.forms import (
    IF_FAILING,
    SCOPES,
    SECURITIES,
    SIGN_INS,
    SenderForm,
)
from hostedpages.errors import DomainError
from hostedpages.mail import imap_session, server
from hostedpages.mail.names import host_name
from hostedpages.mail.presets import PRESETS, clean_password
from hostedpages.models import Sender
from hostedpages.sanitize import clean_text

MAX_PASSWORD = 1000
SMTP_PORTS = "25, 465, 587 or 2525"  # the usual ones of those that are allowed
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class WrongFields(DomainError):
    """Some fields are not acceptable: `problems` has a sentence for each."""

    status = 422

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(next(iter(problems.values())))
        self.problems = problems


@dataclass(frozen=True)
class Wanted:
    """The settings of a sender, clean. The password is empty when none was typed; `tested` is
    what a test of them left in the page."""

    preset: str
    smtp_host: str
    smtp_port: int
    security: str
    email: str
    user_name: str
    sign_in: str
    from_name: str
    imap_enabled: bool
    imap_host: str
    imap_port: int
    limits: dict[str, Any]
    scope: str
    if_failing: str
    updates_company_email: bool
    password: str = field(default="", repr=False)
    password_was_typed: bool = False  # before, into a page that did not keep it
    asks_no_password: bool = False
    tested: str = field(default="", repr=False)

    def put_into(self, sender: Sender) -> None:
        """Write everything but the password into the row."""
        sender.preset = self.preset
        sender.smtp_host, sender.smtp_port = self.smtp_host, self.smtp_port
        sender.security = self.security
        sender.email, sender.from_name = self.email, self.from_name
        sender.user_name, sender.sign_in = self.user_name, self.sign_in
        sender.imap_enabled = self.imap_enabled
        sender.imap_host, sender.imap_port = self.imap_host, self.imap_port
        sender.limits = self.limits
        sender.scope, sender.if_failing = self.scope, self.if_failing

    def as_sender(self, of: Sender) -> Sender:
        """A row that is never stored: these settings, at the place of the sender `of`."""
        made = Sender(account_id=of.account_id, public_id=of.public_id, slot=of.slot)
        self.put_into(made)
        return made


# What each test looks at: the rest of the form may still be empty.
OF_THE_SERVER = frozenset({"smtp_host", "smtp_port", "security"})
OF_THE_SIGN_IN = OF_THE_SERVER | {
    "accepts_clear_text",
    "email",
    "user_name",
    "sign_in",
    "password",
    "imap_host",
    "imap_port",
}
OF_A_MAIL = OF_THE_SIGN_IN | {"from_name", "to"}


def read(
    form: SenderForm, *, any_port: bool, stored: Sender | None = None
) -> tuple[Wanted, dict[str, str]]:
    """The form's settings, and a sentence for each field that must be mended first.

    `any_port` is for installations that may talk to private hosts: those listen anywhere, and a
    server of one's own may stand for a provider's.
    """
    reader = _Reader(form, any_port=any_port)
    preset = form.preset.data if form.preset.data in PRESETS else ""
    if not preset:
        reader.problems["preset"] = "Please choose a provider from the list."
    preset = preset or "custom"
    imap_enabled = bool(form.imap_enabled.data)
    wanted = Wanted(
        preset=preset,
        smtp_host=reader.host("smtp_host", is_needed=True),
        smtp_port=reader.port("smtp_port", server.PORTS, 587),
        security=reader.choice("security", SECURITIES),
        email=reader.email(),
        user_name=reader.line("user_name", 254),
        sign_in=reader.choice("sign_in", SIGN_INS),
        from_name=reader.line("from_name", 120),
        imap_enabled=imap_enabled,
        imap_host=reader.host("imap_host", is_needed=imap_enabled),
        imap_port=reader.port("imap_port", imap_session.PORTS, 993),
        limits=windows.limits_with(
            windows.basis(preset, stored),
            per_hour=reader.count("per_hour"),
            per_day=reader.count("per_day"),
        ),
        scope=reader.choice("scope", SCOPES),
        if_failing=reader.choice("if_failing", IF_FAILING),
        updates_company_email=bool(form.updates_company_email.data),
        password=reader.password(preset),
        password_was_typed=bool(form.password_was_typed.data),
        asks_no_password=bool(form.asks_no_password.data),
        tested=str(form.tested.data or ""),
    )
    if wanted.security == "none" and not form.accepts_clear_text.data:
        reader.problems["accepts_clear_text"] = (
            "Without encryption the password can be read on the way. Tick this to send anyway, or "
            "choose STARTTLS or SSL/TLS."
        )
    if wanted.sign_in != "password" and PRESETS[preset].provider != wanted.sign_in:
        reader.problems["sign_in"] = (
            f"{SIGN_INS[wanted.sign_in]} signs in to its own mail server only. Choose it as the "
            "provider, or use a password."
        )
    elif wanted.sign_in != "password" and not any_port:
        reader.problems |= _foreign_hosts(wanted)
    return wanted, reader.problems


def _foreign_hosts(wanted: Wanted) -> dict[str, str]:
    """A provider's token opens the whole mailbox: it goes to that provider's servers only."""
    label = SIGN_INS[wanted.sign_in]
    own = [each for each in PRESETS.values() if each.provider == wanted.sign_in]
    found = {}
    if wanted.smtp_host not in {each.smtp_host for each in own}:
        found["smtp_host"] = f"This is no server of {label}. Use a password for other servers."
    elif wanted.security == "none":
        found["security"] = f"{label} is talked to with encryption only."
    if wanted.imap_enabled and wanted.imap_host not in {each.imap_host for each in own}:
        found["imap_host"] = f"This is no server of {label}. Use a password for other servers."
    return found


class _Reader:
    """Reads one field after the other and collects what is wrong."""

    def __init__(self, form: SenderForm, *, any_port: bool) -> None:
        self.form = form
        self.any_port = any_port
        self.problems: dict[str, str] = {}

    def _try(self, name: str, judge: Callable[[str], str]) -> str:
        try:
            return judge(str(self.form[name].data or ""))
        except ValueError as error:
            self.problems[name] = str(error)
            return ""

    def host(self, name: str, *, is_needed: bool) -> str:
        found = self._try(name, host_name)
        if is_needed and not found:
            self.problems.setdefault(name, "Please enter the name of the server.")
        return found

    def port(self, name: str, usual: Collection[int], default: int) -> int:
        field = self.form[name]
        if field.data is None and not field.raw_data:
            return default
        if field.data is None or not 1 <= field.data <= 65535:
            self.problems[name] = "A port is a number from 1 to 65535."
            return default
        if field.data not in usual and not self.any_port:
            what, use = (
                ("an inbox", "143 or 993") if name == "imap_port" else ("mail servers", SMTP_PORTS)
            )
            self.problems[name] = f"Port {field.data} is not allowed for {what}. Use {use}."
        return int(field.data)

    def choice(self, name: str, known: dict[str, Any]) -> str:
        chosen = str(self.form[name].data or "")
        if chosen not in known:
            self.problems[name] = "Please choose one of these."
            return next(iter(known))
        return chosen

    def email(self) -> str:
        return self._try("email", address)

    def line(self, name: str, longest: int) -> str:
        def judge(text: str) -> str:
            text = " ".join(clean_text(text).split())
            if len(text) > longest:
                raise ValueError(f"Please use at most {longest} characters.")
            return text

        return self._try(name, judge)

    def count(self, name: str) -> int | None:
        field = self.form[name]
        typed = str((field.raw_data or [""])[0]).strip()
        if not typed:
            return None
        if field.data is None or not 1 <= field.data <= 1_000_000:
            self.problems[name] = "A number from 1 to 1,000,000, or empty for no limit of ours."
            return None
        return int(field.data)

    def password(self, preset: str) -> str:
        host = str(self.form.smtp_host.data or "").strip()
        return self._try("password", partial(plain_password, preset=preset, host=host))


def address(text: str) -> str:
    """One mail address as typed. Raises ValueError with words for people."""
    text = text.strip()
    if not text:
        raise ValueError("Please enter the address that mail comes from.")
    try:
        found = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise ValueError("Please enter a valid email address.") from None
    return str(found.ascii_email or found.normalized)


def plain_password(text: str, *, preset: str, host: str) -> str:
    """The password without what came along when it was pasted. Raises ValueError."""
    text = clean_password(text.strip("\r\n\t"), preset=preset, host=host)
    if len(text) > MAX_PASSWORD:
        raise ValueError(f"Please use at most {MAX_PASSWORD} characters.")
    if _CONTROLS.search(text):
        raise ValueError("This holds a character that no password has. Please type it again.")
    return text
