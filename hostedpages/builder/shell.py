"""What stands around every staff screen: the rail, its counts, the banners.

Must never write, and never show a banner for what does not endanger leads.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, current_app, request, url_for
from sqlalchemy import func, select

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.builder.alarms import queries as alarms
from hostedpages.builder.deliveries import queries as deliveries
from hostedpages.builder.deliveries import troubles
from hostedpages.builder.senders import queries as senders
from hostedpages.models import Account, Delivery, Heartbeat, User

WORKER_MAY_REST = timedelta(seconds=60)
OVERDUE_AFTER = timedelta(minutes=5)

# Who may enter which area; the views' own gates decide, this only leaves out dead links.
EVERYBODY = ("owner", "admin", "standard", "salesperson")
EDITORS = ("owner", "admin", "standard")
MANAGERS = ("owner", "admin")
MOST_ALARMS = 3


@dataclass(frozen=True)
class NavItem:
    label: str
    icon: str
    href: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class Banner:
    text: str
    href: str = ""
    link: str = ""
    is_bad: bool = True


@dataclass(frozen=True)
class Shell:
    account: Account | None
    user: User | None
    nav: list[NavItem]
    banners: list[Banner]


_NAV = (
    ("Pages", "layout-template", ("pages_list",), ("/pages",), EDITORS),
    ("Leads", "inbox", ("leads_list",), ("/leads",), EVERYBODY),
    ("Plans", "list-checks", ("plans_list",), ("/plans",), EDITORS),
    ("Deliveries", "send", ("deliveries_list",), ("/deliveries",), EDITORS),
    (
        "Settings",
        "settings",
        ("settings_account", "settings_devices"),
        ("/settings",),
        EVERYBODY,
    ),
)


def install(blueprint: Blueprint) -> None:
    """Give every template `shell()`; nothing is read from the database until it is called."""
    blueprint.app_context_processor(lambda: {"shell": shell})


def shell() -> Shell:
    """The rail and the banners for the person who is signed in; empty when nobody is."""
    user = guard.current_user()
    if user is None:
        return Shell(account=None, user=None, nav=[], banners=[])
    account = guard.current_account()
    waiting = deliveries.needs_person_count(account)
    return Shell(
        account=account,
        user=user,
        nav=[item for item in (_nav_item(row, user, waiting) for row in _NAV) if item],
        banners=banners(),
    )


def _nav_item(
    row: tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    user: User,
    waiting: int,
) -> NavItem | None:
    label, icon, endpoints, prefixes, roles = row
    if user.role not in roles:
        return None
    known = [name for name in endpoints if f"builder.{name}" in current_app.view_functions]
    if not known:
        return None
    chosen = known[-1] if user.role == "salesperson" else known[0]
    is_current = any(
        request.path == prefix or request.path.startswith(f"{prefix}/") for prefix in prefixes
    )
    return NavItem(
        label=label,
        icon=icon,
        href=url_for(f"builder.{chosen}"),
        is_current=is_current,
        count=waiting if label == "Deliveries" else 0,
    )


def banners() -> list[Banner]:
    """Only what endangers leads: a worker that does not run, a server that takes no mail, and the
    alarms that say so."""
    return [*_worker_banners(), *_sender_banners(), *_alarm_banners()]


def _sender_banners() -> list[Banner]:
    user = guard.current_session().user
    found = []
    for each in senders.failing_of(guard.current_account()):
        mine = [one for one in each.senders if user.role in MANAGERS or one.user_id == user.id]
        text = troubles.banner(each.senders, each.waiting, each.since, may_mend=bool(mine))
        if len(mine) > 1:
            found.append(Banner(text, url_for("builder.senders_list"), "Open the senders"))
        else:
            goal = url_for("builder.senders_show", public_id=mine[0].public_id) if mine else ""
            found.append(Banner(text, goal, "Open the sender"))
    return found


def _alarm_banners() -> list[Banner]:
    if request.path == url_for("builder.alarms_show"):
        return []  # they stand there at length
    role = guard.current_session().user.role
    found = []
    for row in alarms.endangering(guard.current_account())[:MOST_ALARMS]:
        leads_to = row.alarm.path if _may_follow(row.alarm.path, role) else ""
        found.append(Banner(row.headline, leads_to, row.kind.link))
    return found


def _may_follow(path: str, role: str) -> bool:
    return role in MANAGERS or (role in EDITORS and not path.startswith("/settings"))


def _worker_banners() -> list[Banner]:
    session = db.session()
    now = clock.now()
    last = session.scalar(select(Heartbeat.at).where(Heartbeat.name == "worker"))
    if last is not None and now - last < WORKER_MAY_REST:
        return []
    if last is None:
        first_due = session.scalar(
            select(func.min(Delivery.due_at)).where(Delivery.state == "pending")
        )
        if first_due is None or now - first_due < OVERDUE_AFTER:
            return []
        return [Banner("The worker has never run: no mail is being sent. Leads are kept.")]
    return [
        Banner(
            f"The worker has not run for {how_long(now - last)}: no mail is being sent. "
            "Leads are kept and go out as soon as it runs again."
        )
    ]


def how_long(duration: timedelta) -> str:
    """A duration in the largest unit that is not zero: "3 minutes", "1 hour", "2 days"."""
    minutes = max(1, int(duration.total_seconds() // 60))
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            amount = minutes // size
            return f"{amount} {name}" if amount == 1 else f"{amount} {name}s"
    return "a moment"
