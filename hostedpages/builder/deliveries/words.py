"""The states of a delivery in words: the one place that says them to people.

Must never decide what may be done with a delivery; `service` and the outbox do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint

from hostedpages import clock, db
from hostedpages.builder import times
from hostedpages.builder.deliveries import stops, troubles, ways, written
from hostedpages.delivery import kinds
from hostedpages.delivery.returned import REPLIED
from hostedpages.mail.folder import is_receipt
from hostedpages.models import Contact, Delivery, DeliveryAttempt, Sender

NEEDS_A_PERSON = ("failed", "unknown")
WITH_ERROR = ("failed", "held", "pending", "unknown")
WAITING = ("pending", "claimed", "sending", "held")

# What the list can be narrowed to, in the order in which it is offered.
FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "needs-a-person": ("Needs a person", NEEDS_A_PERSON),
    "waiting": ("Waiting", WAITING),
    "sent": ("Sent", ("delivered",)),
    "not-sent": ("Not sent", ("skipped", "canceled")),
}

# State: short text, kind of its pill.
STATES: dict[str, tuple[str, str]] = {
    "pending": ("Waiting", ""),
    "claimed": ("Being sent", ""),
    "sending": ("Being sent", ""),
    "delivered": ("Sent", "ok"),
    "failed": ("Failed", "bad"),
    "unknown": ("Maybe sent", "warn"),
    "held": ("Held", "warn"),
    "skipped": ("Not sent", "quiet"),
    "canceled": ("Canceled", "quiet"),
}

# Outcome of one attempt: text, mark of its row in the story.
OUTCOMES: dict[str, tuple[str, str]] = {
    "": ("Under way", ""),
    "delivered": ("Accepted", "ok"),
    "passing": ("Not accepted, to be tried again", "warn"),
    "held": ("The server could not be used, so it waits", "warn"),
    "failed": ("Refused for good", "bad"),
    "unknown": ("Nobody knows how it ended", "warn"),
    "skipped": ("Not sent", ""),
}


# What a due delivery waits for, when it is not the worker.
WAITS = {
    "server": "Waits for its server",
    "provider": "Waits for the provider",
    "limit": "Waits for a limit",
}
WRITTEN = "Written to a folder"
ONLY_WRITTEN = (
    "Hosted Pages had no mail server for it, so the mail was only written to a folder on its "
    "machine and reached nobody."
)
WAITS_IN_VAIN = "It will not be sent unless the address is written to again before its time."
FAILS_AGAIN = "It cannot be sent again until the address may be written to."
LEFT_OUT = "mail to a stopped address, or a link that is no longer valid, cannot go again."
MOST_OF_AN_ERROR = 160
BY_ITSELF = "It goes out by itself as soon as that works again."


@dataclass(frozen=True)
class Words:
    """A state for people: `text` for the pill, its `pill` kind, and one sentence that explains.

    `note` stands below the pill in lists, `error` is what the other side said, as far as it is the
    reason now. `when` is the expected time of what waits for a limit; `due_at` is that of what is
    promised for later. `is_written`: it reached nobody, because there was no mail server.
    """

    text: str
    pill: str
    sentence: str
    note: str = ""
    error: str = ""
    when: str = ""
    due_at: datetime | None = None
    is_written: bool = False


def words(delivery: Delivery) -> Words:
    """The state of this delivery now, with times in the account's zone."""
    text, pill = STATES.get(delivery.state, (delivery.state, ""))
    if written.is_written(delivery):
        return Words(WRITTEN, "warn", ONLY_WRITTEN, is_written=True)
    stop = stops.stop_of(delivery)
    if stop and delivery.state in ("pending", "held"):
        advice = f" {WAITS_IN_VAIN}" if stop.address_id else ""
        return Words(f"Will not go: {stop.short}", "quiet", f"{stop.why}{advice}")
    if delivery.state == "canceled" and delivery.error.endswith(REPLIED):
        who = _who_answered(delivery)
        return Words(f"Canceled: {who} answered", pill, f"{who} answered, so the plan was stopped.")
    sentence = _sentence(delivery)
    if (limiting := _limiting(delivery)) is not None:
        # An older refusal is no reason any more: it stands with its attempt.
        return Words(_waiting(text, delivery), pill, sentence, when=ways.expected(limiting))
    note, error = _note(delivery), delivery.error if delivery.state in WITH_ERROR else ""
    if delivery.state not in ("pending", "held"):
        return Words(text, pill, sentence, note, error)
    due_at = delivery.due_at if delivery.due_at > clock.now() else None
    return Words(_waiting(text, delivery), pill, sentence, note, error, due_at=due_at)


def _who_answered(delivery: Delivery) -> str:
    contact = db.session().get(Contact, delivery.contact_id) if delivery.contact_id else None
    return (contact.first_name or contact.display_name) if contact else "The contact"


def _note(delivery: Delivery) -> str:
    """What lists say below the pill: whole words, never a cut piece of advice."""
    if not delivery.error or delivery.state in ("delivered", "canceled"):
        return ""
    way = ways.way_of(delivery)
    if delivery.state in ("pending", "held") and way.failing_since is not None:
        return troubles.note(way)
    return shortened(delivery.error)


def shortened(error: str, most: int = MOST_OF_AN_ERROR) -> str:
    """As many whole sentences as fit; one that is too long by itself ends with "…"."""
    if len(error) <= most:
        return error
    whole = error[:most].rpartition(". ")[0]
    return f"{whole}." if whole else f"{error[:most].rpartition(' ')[0]} …"


def _limiting(delivery: Delivery) -> Sender | None:
    """The sender whose limit it waits for."""
    if delivery.state != "pending" or not (delivery.due_at <= clock.now() or delivery.attempts):
        return None
    way = ways.way_of(delivery)
    return way.sender if way.waits_for(clock.now()) == "limit" else None


def _waiting(text: str, delivery: Delivery) -> str:
    now = clock.now()
    waits_for = ways.way_of(delivery).waits_for(now) if delivery.state == "pending" else ""
    if (limiting := _limiting(delivery)) is not None:
        return f"Waits for {ways.limited(limiting).what}"
    if waits_for and (delivery.due_at <= now or delivery.attempts):
        return WAITS[waits_for]
    if delivery.due_at <= now:
        return "Next to be sent" if delivery.state == "pending" else text
    verb = "Trying again" if delivery.attempts and delivery.state == "pending" else f"{text} until"
    return f"{verb} {times.full_time(delivery.due_at)}"


def _sentence(delivery: Delivery) -> str:
    """Why it is in this state, and what comes next."""
    error = delivery.error.strip()
    match delivery.state:
        case "pending":
            return _pending_sentence(delivery)
        case "claimed" | "sending":
            return "The worker has it in hand."
        case "delivered" if delivery.bounced_at is not None:
            return "The mail server accepted it, but later it came back."
        case "delivered":
            return kinds.kind_of(delivery.kind).accepted
        case "failed" | "unknown" if (stop := stops.stop_of(delivery)) is not None:
            given_up = "It was given up. " if delivery.state == "failed" else ""
            return f"{given_up}{stop.why} {FAILS_AGAIN if stop.address_id else ''}".strip()
        case "failed":
            return "It was given up. Mend the cause and try again, or set it aside."
        case "unknown":
            return (
                "The connection or the worker broke off after the mail was handed over, so it may "
                "have arrived. Ask the recipient, or send it again: at worst it arrives twice."
            )
        case "held":
            way = ways.way_of(delivery)
            if way.failing_since is None:
                return "It is held back for now and goes out by itself at its time."
            since = times.short_time(troubles.began(way))
            return f"It is held: mail through {way.name} has failed since {since}. {BY_ITSELF}"
        case "skipped" | "canceled":
            return error or "It was not sent."
    return ""


def _pending_sentence(delivery: Delivery) -> str:
    now, way = clock.now(), ways.way_of(delivery)
    waits_for = way.waits_for(now) if delivery.due_at <= now or delivery.attempts else ""
    if waits_for == "server":
        since = f" since {times.short_time(way.failing_since)}" if way.failing_since else ""
        return f"Mail through {way.name} has failed{since}. {BY_ITSELF}"
    if waits_for == "provider":
        until = times.short_time(way.health.window_until) if way.health else ""
        return (
            f"The provider of {way.name} takes no more until about {until}. It goes out by itself."
        )
    if waits_for == "limit" and way.sender is not None:
        what = f"It waits for the {ways.limited(way.sender).window} of {way.name}."
        when = ways.expected(way.sender)
        return f"{what}{f' {when}.' if when else ''} It goes out by itself."
    if delivery.attempts:
        return "The last try did not work. It is tried again by itself, or now if you like."
    if delivery.due_at > now:
        return "It goes out by itself at its time."
    return "It goes out within seconds while the worker runs."


def outcome_words(attempt: DeliveryAttempt) -> tuple[str, str]:
    """How one attempt ended: text and the mark of its row."""
    if attempt.outcome == "delivered" and is_receipt(attempt.reply):
        return WRITTEN, "warn"
    return OUTCOMES.get(attempt.outcome, (attempt.outcome, ""))


def again_words(again: int, left_out: int) -> str:
    """What was sent again at once, and what was not."""
    said = f"{again} {'delivery goes' if again == 1 else 'deliveries go'} out again."
    if not left_out:
        return said
    return f"{said} {left_out} {'was' if left_out == 1 else 'were'} left out: {LEFT_OUT}"


def took_words(start: datetime, end: datetime | None) -> str:
    """How long an attempt took: "0.4 s", "12 s", "3 min"; empty when nobody knows."""
    if end is None:
        return ""
    took = max(end - start, timedelta(0)).total_seconds()
    if took < 10:
        return f"{took:.1f} s"
    return f"{took:.0f} s" if took < 120 else f"{took / 60:.0f} min"


def install(blueprint: Blueprint) -> None:
    """Give templates the filters that say a delivery in words, and its kind."""
    blueprint.add_app_template_filter(words, "delivery_words")
    blueprint.add_app_template_filter(outcome_words, "outcome_words")
    blueprint.add_app_template_filter(ways.sender_of, "delivery_sender")
    blueprint.add_app_template_filter(ways.through_words, "delivery_through")
    blueprint.add_app_template_filter(ways.way_through, "way_through")
    blueprint.add_app_template_filter(written.can_send_now, "can_send_now")
    blueprint.add_app_template_filter(took_words, "took_words")
    blueprint.add_app_template_filter(kinds.kind_of, "delivery_kind")
