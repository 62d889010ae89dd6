"""The time zones to choose from, those of most accounts first.

Must never offer a name that the machine's time zone database does not have.
"""

from functools import lru_cache
from zoneinfo import available_timezones

NEAR = (
    ("America/New_York", "Eastern · New York"),
    ("America/Chicago", "Central · Chicago"),
    ("America/Denver", "Mountain · Denver"),
    ("America/Phoenix", "Mountain, no daylight time · Phoenix"),
    ("America/Los_Angeles", "Pacific · Los Angeles"),
    ("America/Anchorage", "Alaska · Anchorage"),
    ("Pacific/Honolulu", "Hawaii · Honolulu"),
    ("America/Halifax", "Atlantic · Halifax"),
    ("America/St_Johns", "Newfoundland · St. John’s"),
)
AREAS = (
    "Africa",
    "America",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@lru_cache(maxsize=1)
def choices() -> dict[str, dict[str, str]]:
    """Groups of names, each with its words, for a select."""
    known = available_timezones()
    near = {name for name, _ in NEAR}
    groups = {"United States and Canada": {name: words for name, words in NEAR if name in known}}
    for area in AREAS:
        names = sorted(name for name in known if name.startswith(f"{area}/") and name not in near)
        groups[area] = {name: name.partition("/")[2].replace("_", " ") for name in names}
    groups["Other"] = {"UTC": "UTC"}
    return groups
