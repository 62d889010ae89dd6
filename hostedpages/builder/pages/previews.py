"""Little drawings of what a template looks like: rows of shapes for the gallery's SVG.

Must never draw more than fits, and never carry text: the drawing is decoration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hostedpages.schema.contrast import normal

WIDTH, HEIGHT = 190, 130
_LEFT, _RIGHT, _GAP = 14, 176, 8


@dataclass(frozen=True)
class Shape:
    """A rectangle; `role` is a class of the drawing (label, box, text, button)."""

    role: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Sketch:
    """What to draw, in the template's own colors."""

    base: str
    highlight: str
    shapes: list[Shape]


def sketch(document: Mapping[str, Any]) -> Sketch:
    """The first rows of a page document as shapes."""
    options = document.get("options") or {}
    shapes: list[Shape] = []
    y, half_open = 34, False
    for element in document.get("elements", []):
        if element.get("kind") == "separator" or y > HEIGHT:
            break
        is_half = element.get("width") == "half"
        if half_open and not is_half:
            y, half_open = y + 24, False
        drawn = _shapes_of(element, y, right_half=half_open)
        shapes += drawn
        if not drawn:
            continue
        if is_half and not half_open:
            half_open = True
        else:
            y, half_open = y + _height_of(element), False
    y += 24 if half_open else 0
    shapes.append(Shape("button", _LEFT, y + 3, 54, 15))
    return Sketch(
        base=_color(options.get("base_color"), "#0d6efd"),
        highlight=_color(options.get("highlight_color"), "#198754"),
        shapes=[shape for shape in shapes if shape.y < HEIGHT],
    )


def _height_of(element: Mapping[str, Any]) -> int:
    return {"header": 13, "notes": 16, "line": 9}.get(str(element.get("kind")), 24)


def _shapes_of(element: Mapping[str, Any], y: int, *, right_half: bool) -> list[Shape]:
    full = _RIGHT - _LEFT
    match element.get("kind"):
        case "header":
            return [Shape("title", _LEFT, y, 62, 5)]
        case "notes":
            return [Shape("text", _LEFT, y, full, 3), Shape("text", _LEFT, y + 6, full - 50, 3)]
        case "line":
            return [Shape("rule", _LEFT, y + 1, full, 1)]
        case "field" if element.get("label"):
            half = (full - _GAP) // 2
            width = half if element.get("width") == "half" else full
            x = _LEFT + half + _GAP if right_half else _LEFT
            words = min(width - 4, 6 + 2 * len(str(element.get("label", ""))))
            return [Shape("label", x, y, words, 3), Shape("box", x, y + 6, width, 13)]
    return []


def _color(text: object, otherwise: str) -> str:
    try:
        return normal(str(text)) if text else otherwise
    except ValueError:
        return otherwise
