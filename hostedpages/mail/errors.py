"""What a mail server's answer means, in words and in consequences; secrets removed.

Enhanced status code and text are judged before the basic code: `550 5.4.5` is a quota, not a dead
address. Must never suppress an address because of a fault that is ours or the server's.
"""

import base64
import re
from dataclasses import dataclass
from datetime import timedelta

MAX_REPLY_CHARACTERS = 500
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_MAILBOX_FULL = re.compile(r"mailbox (?:is )?(?:full|over)|over (?:its |their )?quota", re.I)
_QUOTA = re.compile(r"quota|\blimit\b|\brate\b|too many (?:messages|mails|e-?mails)|exceeded", re.I)
_NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_TOO_BIG = frozenset({"5.3.4", "5.2.3"})
_SEND_AS = frozenset({"5.1.8", "5.7.60"})


class MailError(Exception):
    """A mail did not go. `message` is for people and holds the server's words without secrets.

    `kind` is a short stable word. `permanent`: trying again cannot help this message. `server`:
    the fault is not this message's, so others should wait too. `held`: somebody must change a
    setting, or a quota must pass. `unknown`: the server may have taken the message.
    `last_try_after` asks for one more try after this time and none later.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        permanent: bool = False,
        server: bool = False,
        held: bool = False,
        unknown: bool = False,
        last_try_after: timedelta | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.permanent = permanent
        self.server = server
        self.held = held
        self.unknown = unknown
        self.last_try_after = last_try_after
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of an SMTP server: the three-digit code and its text."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()

    @property
    def enhanced(self) -> str:
        """The enhanced status code of RFC 3463, or an empty string."""
        found = _ENHANCED.search(self.text[:120])
        return found[1] if found and found[1][0] == str(self.code)[0] else ""


def from_reply(reply: Reply, stage: str) -> MailError:
    """Classify a refusal. `stage` names what was asked, for people ("the recipient")."""
    said = f"The mail server refused {stage}: {reply}"
    found = _by_setting(reply, stage, said) or _by_limit(reply, said) or _by_message(reply, said)
    if found is not None:
        return found
    if 400 <= reply.code < 500:
        return MailError(said, kind="later")
    if reply.code >= 500 and not reply.enhanced:
        return MailError(said, kind="refused", last_try_after=timedelta(minutes=10))
    return MailError(said, kind="refused" if reply.code >= 500 else "protocol", permanent=True)


def _by_setting(reply: Reply, stage: str, said: str) -> MailError | None:
    """Something that only a person can put right in the settings."""
    code, enhanced = reply.code, reply.enhanced
    if code in (534, 535, 538) or enhanced in ("5.7.8", "5.7.9"):
        kind = "authentication"
        hint = "Check user name and password; with two-step sign-in an app password is needed."
    elif code == 530:
        kind, hint = "configuration", "The server wants a sign-in or an encrypted connection."
    elif enhanced in _SEND_AS or (code == 553 and stage == "the sender"):
        kind = "sender_refused"
        hint = "The server does not let this account send as the configured From address."
    else:
        return None
    return MailError(said, kind=kind, server=True, held=True, hint=hint)


def _by_limit(reply: Reply, said: str) -> MailError | None:
    """A limit of the mailbox, of the connection or of the provider."""
    code, enhanced = reply.code, reply.enhanced
    if enhanced in ("4.2.2", "5.2.2") or _MAILBOX_FULL.search(reply.text):
        return MailError(said, kind="mailbox_full")
    if enhanced == "4.5.3":
        return MailError(said, kind="connection_limit")
    if code == 421 or enhanced in ("4.7.0", "4.3.2"):
        return MailError(said, kind="busy", server=True)
    if enhanced == "5.4.5" or (code != 552 and _QUOTA.search(reply.text)):
        return MailError(
            said,
            kind="quota",
            server=True,
            held=True,
            hint="The provider's sending limit is reached. Mail waits and goes out by itself.",
        )
    return None


def _by_message(reply: Reply, said: str) -> MailError | None:
    """This message to this recipient will never be taken."""
    code, enhanced = reply.code, reply.enhanced
    if enhanced in _NO_SUCH_ADDRESS:
        return MailError(said, kind="no_such_address", permanent=True)
    if enhanced in _TOO_BIG or (code == 552 and not enhanced):
        return MailError(said, kind="too_big", permanent=True)
    if code >= 500 and enhanced.startswith("5.7."):
        hint = "The recipient's provider refuses mail from this sender: check SPF and DKIM."
        return MailError(said, kind="policy", permanent=True, hint=hint)
    if code in (500, 501, 502, 503, 504, 555):
        return MailError(said, kind="protocol", permanent=True)
    return None


def clean_reply(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The server's words on one line, shortened, without any of `secrets` in clear or base64."""
    for secret in secrets:
        if len(secret) < 3:
            continue
        text = text.replace(secret, "[removed]")
        coded = base64.b64encode(secret.encode()).decode().rstrip("=")
        text = text.replace(coded, "[removed]")
    return _CONTROLS.sub(" ", text).strip()[:MAX_REPLY_CHARACTERS]
