"""The kinds of alarm: what each is called, what a person can do, and how soon somebody is told.

Must never say what happened in one case: that is in the text of the alarm.
"""

from dataclasses import dataclass
from datetime import timedelta

DELIVERIES = "deliveries"
SENDER = "sender"
MAILBOX = "mailbox"
OUTBOX = "outbox"
LIMIT = "limit"
DOMAIN = "domain"
BOUNCED_NOTICE = "bounced_notice"
SILENT_PAGE = "silent_page"
ALARM_WAY = "alarm_way"


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """`endangers_leads`: shown on every screen. `told_after`: it must have lasted that long, so
    that a hiccup wakes nobody. `told_daily`: told again every day while it lasts."""

    title: str
    to_do: str
    link: str
    endangers_leads: bool = False
    told_after: timedelta = timedelta(0)
    told_daily: bool = True


KINDS: dict[str, AlarmKind] = {
    DELIVERIES: AlarmKind(
        title="Deliveries need a person",
        to_do="Open the delivery log, read why they did not go, and send them again or set them "
        "aside.",
        link="Open the delivery log",
    ),
    SENDER: AlarmKind(
        title="Mail cannot be sent",
        to_do="Test the sender and correct its settings. Mail waits meanwhile and goes out by "
        "itself as soon as the server takes it again.",
        link="Open the senders",
        endangers_leads=True,
        told_after=timedelta(minutes=5),
    ),
    MAILBOX: AlarmKind(
        title="A mailbox cannot be read",
        to_do="Test the sign-in and correct the IMAP settings. Until then nobody notices mail that "
        "comes back, and answers do not stop plans.",
        link="Open the senders",
        told_after=timedelta(minutes=10),
    ),
    OUTBOX: AlarmKind(
        title="Mail waits for too long",
        to_do="Ask whoever runs Hosted Pages for you to look at the worker and its log. Nothing is "
        "lost: it goes out as soon as the worker gets to it.",
        link="Open the delivery log",
        endangers_leads=True,
        told_after=timedelta(minutes=2),
    ),
    LIMIT: AlarmKind(
        title="A sending limit holds mail back",
        to_do="Raise the limit if the provider allows it, start fewer plans a day, or use another "
        "sender for plan mail.",
        link="Open the senders",
        told_after=timedelta(minutes=10),
    ),
    DOMAIN: AlarmKind(
        title="A sending domain is not proven any more",
        to_do="Open the domain, compare its records with those at your DNS provider, and check "
        "again. Until then mail leaves under the address of Hosted Pages.",
        link="Open the domains",
    ),
    BOUNCED_NOTICE: AlarmKind(
        title="Notifications come back",
        to_do="Correct the address in the list of people who are told of new leads, or ask its "
        "owner to mend the mailbox.",
        link="Open the deliveries",
        endangers_leads=True,
    ),
    SILENT_PAGE: AlarmKind(
        title="A page gets no leads",
        to_do="Open the page as a visitor would, send a test lead, and check the web sites and "
        "links that lead to it. If all is well, nothing needs to be done.",
        link="Open the page",
        endangers_leads=True,
    ),
    ALARM_WAY: AlarmKind(
        title="Alarms do not arrive",
        to_do="Correct the address or the webhook and send a test alarm.",
        link="Open the alarms",
        told_daily=False,
    ),
}
_GONE = AlarmKind("Something needs a person", "Open the alarms.", "Open the alarms")


def kind_of(key: str) -> AlarmKind:
    """The kind with this key; one that is not known any more is still shown."""
    return KINDS.get(key, _GONE)
