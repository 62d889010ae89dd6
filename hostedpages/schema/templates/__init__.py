"""Starting templates: one JSON file each, numbered in the order in which they are offered.

Must never need code: a new template is a new file with `name`, `description` and `document`.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class PageTemplate:
    """A page to start from. `document` lacks only what the account chooses: the lead source."""

    key: str
    name: str
    description: str
    document: dict[str, Any]


def _read(path: Path) -> PageTemplate:
    data = json.loads(path.read_text("utf-8"))
    key = re.sub(r"^[0-9]+_", "", path.stem)
    return PageTemplate(key, data["name"], data["description"], data["document"])


TEMPLATES: list[PageTemplate] = [
    _read(path) for path in sorted(Path(__file__).parent.glob("*.json"))
]
