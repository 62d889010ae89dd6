"""The kinds of delivery: one file each, found by itself.

Must never be imported one by one: ask `KINDS`.
"""

import sys

from hostedpages.delivery.kinds.base import DeliveryKind, UnknownKind
from hostedpages.registry import discover

KINDS: dict[str, DeliveryKind] = discover(sys.modules[__name__], DeliveryKind)


def kind_of(key: str) -> DeliveryKind:
    """The kind with this key; a stored key whose file is gone degrades to a kind that refuses."""
    return KINDS.get(key) or UnknownKind(key)


def step_kinds() -> list[DeliveryKind]:
    """The kinds that can be a step of an action plan, for the plan editor."""
    return [kind for kind in KINDS.values() if kind.is_step]
