"""The contract of a delivery kind: everything the engine, the log and the plan editor ask of it.

A kind imports only this module; what it needs comes in with the call. Must never know the worker.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import wtforms

from hostedpages.delivery import backoff, merge, streams
from hostedpages.mail.headers import one_address
from hostedpages.mail.message import OutgoingMessage

Payload = dict[str, Any]
# Its answer would come to the mailbox that we read, and be taken for a contact's.
OWN_ADDRESS = (
    "This is your own sender’s address, so it gets no plan mail. To try it out, use another "
    "address of yours."
)


class DeliveryError(Exception):
    """A delivery did not work; `message` is for people. `permanent`: trying again cannot help.

    `retry_after` is how long the other side asked to be left alone.
    """

    def __init__(
        self, message: str, *, permanent: bool, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person on our side who gets a mail."""

    email: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a plan's step may know when the plan starts.

    `values` are for text that our own people read, `visitor_values` for text that goes to the
    contact: the same without anything that could become a link. `people` turns public ids of users
    into recipients; for an empty list it gives the account's New Lead list.
    """

    contact_email: str
    contact_name: str
    plan_name: str
    is_immediate: bool
    values: merge.Values
    visitor_values: merge.Values
    people: Callable[[Sequence[str]], list[Recipient]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One delivery to put: frozen text, its recipient, and its line in the log.

    With `skip_reason` it is put as skipped. `is_answer` marks an automatic answer to a visitor,
    which is counted against the address's daily share.
    """

    payload: Payload
    recipient: str
    summary: str
    skip_reason: str = ""
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a webhook goes, with its signing secret as it is stored: sealed for `place`."""

    url: str
    sealed: str = field(repr=False)
    place: str


@dataclass(frozen=True, slots=True)
class Company:
    """Who sends, as it stands below each mail to a contact; address and phone may be missing.

    `answers_to` is where answers go when a mail does not leave from the account's own address.
    """

    name: str
    address: str = ""
    phone: str = ""
    answers_to: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in the database at the moment of sending. `delivery_id` is the public one."""

    contact_found: bool = False
    contact_archived: bool = False
    opted_out: bool = False  # the recipient's address
    quarantined: str = ""  # the reason, while mail to the recipient's address is stopped
    user_archived: bool = False
    enrollment_state: str = ""
    lead: Any = None
    delivery_id: str = ""
    company: Company | None = None
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of one mail."""

    subject: str
    text: str
    html: str | None
    reply_to: str | None = None
    answers_to: str = ""  # instead, when it leaves through the installation's server
    auto_submitted: str = "auto-generated"
    unsubscribe_url: str = ""  # where the reader says stop; their mail program shows a button


class Claim(Protocol):
    """The part of a claimed delivery that a kind may look at."""

    @property
    def public_id(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def payload(self) -> Payload: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What comes in with a call: the letters we can write, the mail builder and its way out.

    `post` sends a signed webhook (endpoint, message id, payload) and returns the receipt.
    """

    own_addresses: frozenset[str]
    letter: Callable[[str, Payload, Facts], Letter]
    build: Callable[[str, str, Letter], OutgoingMessage]
    send: Callable[[OutgoingMessage, Callable[[], Awaitable[None]]], Awaitable[str]]
    post: Callable[[Endpoint, str, Payload], Awaitable[str]]


class StepSettings(wtforms.Form):
    """The form that the plan editor shows for a step; a kind adds its fields."""

    def offer(self, *, people: list[tuple[str, str]]) -> None:
        """Receive the account's users as (public id, name), for forms that let one choose."""

    @property
    def stored(self) -> dict[str, Any]:
        """What goes into `PlanStep.settings`; the editor calls it after `validate()`."""
        return dict(self.data)


class KnownTokens:
    """Validator: the text uses only merge tokens that exist."""

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        unknown = merge.unknown_tokens(field.data or "")
        if unknown:
            raise wtforms.validators.ValidationError(
                f"Nothing is known as {{{{{unknown[0]}}}}}. Pick one of the listed tokens."
            )


@dataclass(frozen=True)
class Example:
    """A payload as `prepare` makes it, and its line in the log; the contract test uses both."""

    payload: Payload
    summary: str
    settings: dict[str, Any] = field(default_factory=dict)


class DeliveryKind:
    """One kind of delivery."""

    key: str
    label: str
    icon: str = "send"
    accepted: str = "It was taken."  # what "delivered" means, for people
    is_step: bool = False
    settings: type[StepSettings] = StepSettings
    # The payload opens a door (a sign-in link): it is blanked when the delivery has ended.
    has_secret: bool = False
    # A second copy does no harm, so it is marked as sending before it is written, together with
    # many others; else just before the other side could accept it.
    may_repeat: bool = False
    # It tells of alarms itself: when it fails, no bell rings that would only put more of it.
    is_alarm: bool = False
    # Goes to a contact: one whose address does not exist is not written to again.
    is_to_contact: bool = False
    # Whom its mail comes from (`streams.py`).
    default_stream: str = streams.GENERAL
    # How long to wait after the first, second, ... passing failure; then it is given up.
    schedule: Sequence[timedelta] = backoff.SCHEDULE
    examples: Sequence[Example] = ()

    def prepare(self, settings: dict[str, Any], context: StepContext) -> list[Prepared]:
        """Freeze a plan's step into deliveries, inside the transaction that starts the plan."""
        raise NotImplementedError

    def has_plain_form(self, payload: Payload) -> bool:
        """Whether a plain letter may go when the real one cannot be written."""
        return False

    def needs_lead(self, payload: Payload) -> bool:
        """Whether `Facts.lead` must be loaded before `deliver`."""
        return False

    def needs_endpoint(self, payload: Payload) -> bool:
        """Whether `Facts.endpoint` must be loaded before `deliver`."""
        return False

    def allowed(self, claim: Claim, facts: Facts, tools: Tools) -> str | None:
        """Asked at the moment of sending: None when it may go, else the reason in words."""
        return None

    async def deliver(
        self, claim: Claim, facts: Facts, tools: Tools, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        """Do it and return the receipt. Raises DeliveryError, or mail.errors.MailError.

        Awaits `before_final` just before the other side could accept it.
        """
        raise NotImplementedError

    def stream(self, payload: Payload) -> str:
        """In which stream it goes. May look at `send_as` (a user's public id) alone, so that what
        waits can be given to another sender without reading every payload."""
        return self.default_stream

    def is_urgent(self, payload: Payload) -> bool:
        """Whether somebody waits for it: it goes before all else that waits for its sender."""
        return False

    def summary(self, payload: Payload) -> str:
        """The line in the log; no secret, no answer."""
        return self.label

    def sends_again(self, payload: Payload, unknowns: int) -> bool:
        """After an unknown outcome (the `unknowns`-th, from 1): send again, or ask a person?"""
        return self.may_repeat

    def gives_up_after(self, payload: Payload) -> timedelta | None:
        """Stop trying this long after the delivery was put; None: only the schedule ends it."""
        return None


class MailKind(DeliveryKind):
    """A kind that ends in one mail to one address; subclasses say which letter."""

    accepted = "The mail server accepted it. From here on it is on its way to the recipient."

    def letter_name(self, payload: Payload) -> str:
        """The folder under `templates/email`."""
        raise NotImplementedError

    def allowed(self, claim: Claim, facts: Facts, tools: Tools) -> str | None:
        if not claim.recipient:
            return "There is no email address to send this to."
        if one_address(claim.recipient) is None:
            return f"“{claim.recipient[:80]}” is not an address that mail can be sent to."
        return None

    async def deliver(
        self, claim: Claim, facts: Facts, tools: Tools, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        letter = tools.letter(self.letter_name(claim.payload), claim.payload, facts)
        message = tools.build(claim.public_id, claim.recipient, letter)
        return await tools.send(message, before_final)


class UnknownKind(DeliveryKind):
    """Stands in for a stored kind whose file is gone: shown in the log, never delivered."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.label = f"Unknown kind “{key}”"
        self.default_stream = streams.FIXED

    def prepare(self, settings: dict[str, Any], context: StepContext) -> list[Prepared]:
        reason = "This kind of step is not installed."
        return [Prepared({}, "", self.label, skip_reason=reason)]

    def allowed(self, claim: Claim, facts: Facts, tools: Tools) -> str | None:
        return "This kind of delivery is not installed."


def spoken_time(when: datetime) -> str:
    """A time for people in its own zone: `November 22, 2026, 5:07 am EST`."""
    hour = when.hour % 12 or 12
    half = "am" if when.hour < 12 else "pm"
    return f"{when:%B} {when.day}, {when.year}, {hour}:{when:%M} {half} {when:%Z}".strip()
