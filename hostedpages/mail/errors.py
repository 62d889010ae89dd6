"""What a mail server's answer means, in words and in consequences; secrets removed.

Enhanced status code and text are judged before the basic code: `550 5.4.5` is a quota, not a dead
address. Must never suppress an address because of a fault that is ours or the server's, and never
blame the server for what stands in an address that it repeats.
"""

import base64
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from hostedpages.mail import reply_words as words
from hostedpages.mail.echoes import without_addresses, without_names

Scope = Literal["row", "connection", "sender"]

MAX_REPLY_CHARACTERS = 500
SIGN_IN = "the sign-in"  # stages, in the words of people
SENDER = "the sender"
RECIPIENT = "the recipient"

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class MailError(Exception):
    """A mail did not go. `message` is for people and holds the server's words without secrets.

    `kind` is a short stable word:

    ================== ======== ==========================================================
    kind               scope    what it is
    ================== ======== ==========================================================
    connection, name,  sender   refused, silent, cut, unknown name: back off
    timeout
    busy               sender   421 and kin, also a passing failure of signing in: back off
    concurrency        sender   too many connections at once: fewer, after `wait`
    quota              sender   held; close the window, look again after `wait`
    authentication     sender   held; stop after a few
    configuration      sender   held; TLS, certificate, refused host, sign-in wanted
    sender_refused     sender   held; the server does not let us send as this From
    connection_limit   connection  a new connection helps (the transport has tried one)
    later              row      greylisting, busy mailbox, any other 4xx: its own schedule
    mailbox_full       row      for up to a day, then given up; the address is fine
    no_such_address    row      permanent; the only kind that stops the address (`suppresses`)
    too_big            row      permanent
    policy             row      permanent; the recipient's side distrusts this sender
                                (`warns`: look at SPF and DKIM)
    refused            row      permanent, or once more after `last_try_after`
    protocol           row      permanent; the two sides do not understand each other
    unknown            row      the server may have taken the message
    folder             sender   the folder of mail files cannot be written
    ================== ======== ==========================================================

    `permanent`: trying again cannot help this message. `server`: the fault is not this message's,
    so others should wait too. `held`: somebody must change a setting, or a quota must pass.
    `unknown`: the server may have taken the message. `last_try_after` asks for one more try after
    this time and none later. `suppresses`: nothing should be sent to this address any more.
    `warns`: the sender as a whole is distrusted. `wait`: leave the scope alone at least so long.
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
        suppresses: bool = False,
        warns: bool = False,
        wait: timedelta | None = None,
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
        self.suppresses = suppresses
        self.warns = warns
        self.wait = wait

    @property
    def scope(self) -> Scope:
        """What else the fault stops: nothing (`row`), this connection, or the whole sender."""
        if self.kind == "connection_limit":
            return "connection"
        return "sender" if self.server else "row"


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


def from_reply(reply: Reply, stage: str, *, sender: str = "", recipient: str = "") -> MailError:
    """Classify a refusal. `stage` names what was asked, for people (SIGN_IN, RECIPIENT, ...).

    `sender` and `recipient` are the envelope's addresses: servers repeat them, and what stands in
    an address is no word of the server. The sender's is named when it is refused.
    """
    text = reply.text
    if len(text) >= MAX_REPLY_CHARACTERS:
        text = text.rpartition(" ")[0]  # it was cut there, perhaps in the middle of an address
    text = without_addresses(text, sender, recipient)
    error = _judged(Reply(reply.code, text), reply, stage, sender)
    if not error.server:
        return error
    # What stops the mail of others must not rest on a word that may be the recipient's name. The
    # sender's stays: nobody outside chooses it, and "Sender refused" may speak of sender@...
    text = without_names(text, recipient)
    nameless = _judged(Reply(reply.code, text), reply, stage, sender)
    return error if nameless.held > error.held else nameless


def _judged(reply: Reply, shown: Reply, stage: str, sender: str) -> MailError:
    """What `reply` means, in words that tell the `shown` one."""
    # Some servers judge the sender only when they hear of the recipient.
    is_about_sender = reply.code >= 500 and (
        stage == SENDER or (stage == RECIPIENT and words.SEND_AS.search(reply.text))
    )
    whom = f"{SENDER} {sender}".strip() if is_about_sender else stage
    said = f"The mail server refused {whom}: {shown}"
    if stage == SIGN_IN:
        return _of_sign_in(reply, said)
    found = _by_setting(reply, stage, said) or _by_limit(reply, said) or _by_message(reply, said)
    if found is not None:
        return found
    if 400 <= reply.code < 500:
        return MailError(said, kind="later")
    if reply.code >= 500 and not reply.enhanced:
        return MailError(said, kind="refused", last_try_after=timedelta(minutes=10))
    return MailError(said, kind="refused" if reply.code >= 500 else "protocol", permanent=True)


def _of_sign_in(reply: Reply, said: str) -> MailError:
    """A refused sign-in is the sender's matter, whatever the code."""
    if reply.enhanced in words.QUOTA_CODES:
        return _quota(said)
    if reply.code == 432 or (reply.code < 500 and words.CONCURRENCY.search(reply.text)):
        return _concurrency(said)
    if reply.code < 500:
        return MailError(said, kind="busy", server=True)
    return _authentication(reply, said)


def _authentication(reply: Reply, said: str) -> MailError:
    if reply.enhanced == "5.7.9" or reply.code == 534 or words.APP_PASSWORD.search(reply.text):
        hint = words.ADVICE_APP_SIGN_IN
    elif reply.enhanced == "5.7.139" or words.SWITCHED_OFF.search(reply.text):
        hint = words.ADVICE_SWITCHED_OFF
    else:
        hint = words.ADVICE_SIGN_IN
    return MailError(said, kind="authentication", server=True, held=True, hint=hint)


def _by_setting(reply: Reply, stage: str, said: str) -> MailError | None:
    """Something that only a person can put right in the settings."""
    code, enhanced = reply.code, reply.enhanced
    # 5.7.9 outside of signing in is a provider's word for its policy.
    if code in (534, 535, 538) or enhanced in words.SIGN_IN_CODES:
        return _authentication(reply, said)
    if code < 500 or _is_about_domain(reply):
        return None
    if code == 530:
        kind, hint = "configuration", "The server wants a sign-in or an encrypted connection."
    elif (
        enhanced in words.SEND_AS_CODES
        or (code == 553 and stage != RECIPIENT)
        or (enhanced not in words.NO_SUCH_ADDRESS and words.SEND_AS.search(reply.text))
    ):
        kind = "sender_refused"
        hint = (
            "The server does not let this account send as the configured From address: use the "
            "mailbox's own address, or allow the other one there as an alias."
        )
    elif words.WANTS_SIGN_IN.search(reply.text):
        kind = "configuration"
        hint = "The server forwards mail only for who has signed in: set user name and password."
    else:
        return None
    return MailError(said, kind=kind, server=True, held=True, hint=hint)


def _is_about_domain(reply: Reply) -> bool:
    return bool(
        words.DOMAIN_PROOF_CODE.fullmatch(reply.enhanced) or words.DOMAIN_PROOF.search(reply.text)
    )


def _by_limit(reply: Reply, said: str) -> MailError | None:
    """A limit of the mailbox, of the connection or of the provider."""
    code, enhanced = reply.code, reply.enhanced
    if enhanced in words.QUOTA_CODES:
        return _quota(said)
    if enhanced in ("4.2.2", "5.2.2") or words.MAILBOX_FULL.search(reply.text):
        return MailError(said, kind="mailbox_full")
    if code == 432 or (code in (421, 451) and words.CONCURRENCY.search(reply.text)):
        return _concurrency(said)
    if enhanced == "4.5.3":
        return MailError(said, kind="connection_limit")
    if _is_quota(reply):
        return _quota(said)
    if code == 421 or (enhanced in ("4.7.0", "4.3.2") and not words.GREYLIST.search(reply.text)):
        return MailError(said, kind="busy", server=True)
    return None


def _is_quota(reply: Reply) -> bool:
    """Whether the words are about how much is sent, not about a size, a loop or a recipient."""
    if reply.enhanced in words.TOO_BIG | words.NO_SUCH_ADDRESS or reply.enhanced[2:4] == "2.":
        return reply.enhanced == "5.2.0" and "SubmissionQuota" in reply.text
    if reply.code == 552 and not reply.enhanced:
        return False
    return bool(words.QUOTA.search(reply.text)) and not words.OTHER_LIMIT.search(reply.text)


def _quota(said: str) -> MailError:
    return MailError(
        said, kind="quota", server=True, held=True, hint=words.ADVICE_QUOTA, wait=timedelta(hours=1)
    )


def _concurrency(said: str) -> MailError:
    return MailError(said, kind="concurrency", server=True, wait=timedelta(seconds=60))


def _by_message(reply: Reply, said: str) -> MailError | None:
    """This message to this recipient will never be taken."""
    code, enhanced = reply.code, reply.enhanced
    if enhanced in words.NO_SUCH_ADDRESS:
        return MailError(said, kind="no_such_address", permanent=True, suppresses=True)
    is_too_big = enhanced in words.TOO_BIG or (code == 552 and not enhanced)
    if is_too_big or (code >= 500 and words.SIZE.search(reply.text)):
        return MailError(said, kind="too_big", permanent=True)
    if code >= 500 and enhanced.startswith("5.7."):
        hint = (
            "The recipient's provider refuses mail from this sender: open the check of SPF, DKIM "
            "and DMARC of your domain."
        )
        return MailError(said, kind="policy", permanent=True, hint=hint, warns=True)
    if code in (500, 501, 502, 503, 504, 555):
        return MailError(said, kind="protocol", permanent=True)
    return None


def clean_reply(
    text: str, secrets: tuple[str, ...] = (), *, limit: int = MAX_REPLY_CHARACTERS
) -> str:
    """The server's words on one line, shortened, without any of `secrets` in clear or base64."""
    for secret in secrets:
        if len(secret) < 3:
            continue
        text = text.replace(secret, "[removed]")
        coded = base64.b64encode(secret.encode()).decode().rstrip("=")
        text = text.replace(coded, "[removed]")
    return _CONTROLS.sub(" ", text).strip()[:limit]
