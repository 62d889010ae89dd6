"""What the mails about alarms show, from what was frozen when they were put.

Must never make a link to another place than this installation.
"""

import re
from typing import Any

from hostedpages.delivery.alarms.findings import plural

Payload = dict[str, Any]
_OWN_PATH = re.compile(r"(?:/[A-Za-z0-9_.~-]{1,200}){1,6}(?:\?[A-Za-z0-9_=&.-]{1,200})?")
ALARMS = "/settings/alarms"


def values(payload: Payload, public_url: str) -> dict[str, Any]:
    """Everything that the templates of an alarm, a test and a digest ask for."""
    sections = [each | _link(each, public_url) for each in payload.get("sections", ())]
    leads = int(payload.get("leads", 0))
    return {
        **payload,
        "alarms": [
            each | {"url": _link(each, public_url)["url"] or public_url + ALARMS}
            for each in payload.get("alarms", ())
        ],
        "sections": sections,
        "leads_text": plural(leads, "new lead") if leads else "No new leads",
        "headline": _headline(leads, sections),
        "leads_url": f"{public_url}/leads",
        "all_url": f"{public_url}{ALARMS}",
    }


def _link(part: Payload, public_url: str) -> dict[str, str]:
    path = str(part.get("path", ""))
    return {"url": public_url + path if _OWN_PATH.fullmatch(path) else ""}


def _headline(leads: int, sections: list[Payload]) -> str:
    """What a list of mails shows: the leads, and whether there is more to read."""
    words = plural(leads, "new lead") if leads else ""
    titles = ", ".join(str(each.get("title", "")).lower() for each in sections)
    return ", ".join(each for each in (words, titles) if each)
