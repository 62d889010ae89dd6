"""Times as people of an account read them: in the account's zone, with the zone at hand.

Must never change what is stored: that stays UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint
from markupsafe import Markup

from hostedpages import clock
from hostedpages.accounts import guard


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone of that name; UTC when the name means nothing on this machine."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def account_zone() -> ZoneInfo:
    """The zone of the account that is signed in; UTC when nobody is."""
    return zone(guard.current_account().time_zone) if guard.current_user() else zone("UTC")


def day_bounds(day: date, where: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a local day and the first moment after it, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=where)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=where)
    return start.astimezone(UTC), end.astimezone(UTC)


def _clock_face(moment: datetime | time) -> str:
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'am' if moment.hour < 12 else 'pm'}"


def local_time(moment: datetime | None) -> str:
    """ "Nov 22, 2025, 4:51 am" in the account's zone; empty for no time."""
    if moment is None:
        return ""
    local = moment.astimezone(account_zone())
    return f"{local:%b} {local.day}, {local.year}, {_clock_face(local)}"


def short_time(moment: datetime | None) -> str:
    """ "4:51 am" when that is today in the account's zone, else as `local_time`."""
    text = local_time(moment)
    if moment is None or local_date(moment) != local_date(clock.now()):
        return text
    return text.rpartition(", ")[2]


def local_date(moment: datetime | date | None) -> str:
    """ "Nov 22, 2025" in the account's zone."""
    if moment is None:
        return ""
    local = moment.astimezone(account_zone()) if isinstance(moment, datetime) else moment
    return f"{local:%b} {local.day}, {local.year}"


def full_time(moment: datetime) -> str:
    """ "Tue, Nov 24, 9:00 am EST" in the account's zone, with the year unless it is this one."""
    where = account_zone()
    local = moment.astimezone(where)
    year = "" if local.year == clock.now().astimezone(where).year else f", {local.year}"
    return f"{local:%a}, {local:%b} {local.day}{year}, {_clock_face(local)} {local:%Z}"


def zone_words(name: str) -> str:
    """ "New York time" for America/New_York; "UTC" for UTC."""
    place = name.rpartition("/")[2].replace("_", " ")
    return place if place in ("UTC", "GMT", "UCT") else f"{place} time"


def time_of_day(text: str) -> str:
    """ "9:00 am" for "09:00"; empty for no time."""
    return _clock_face(time.fromisoformat(text)) if text else ""


def time_tag(moment: datetime | None) -> Markup:
    """The same inside `<time>`, with the full date and the zone as its title."""
    if moment is None:
        return Markup("")
    local = moment.astimezone(account_zone())
    full = f"{local:%A, %B} {local.day}, {local.year}, {_clock_face(local)} {local:%Z}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), full, local_time(moment)
    )


def install(blueprint: Blueprint) -> None:
    """Register the filters of this module for all templates."""
    blueprint.add_app_template_filter(full_time, "full_time")
    blueprint.add_app_template_filter(zone_words, "zone_words")
    blueprint.add_app_template_filter(local_time, "local_time")
    blueprint.add_app_template_filter(short_time, "short_time")
    blueprint.add_app_template_filter(local_date, "local_date")
    blueprint.add_app_template_filter(time_tag, "time_tag")
