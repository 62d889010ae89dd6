"""The two colors of a page in words: contrast, and the nearest color that passes.

Must never change a color by itself: it offers.
"""

from dataclasses import dataclass

from hostedpages.schema import contrast

WHITE = "#ffffff"
TEXT = 4.5


@dataclass(frozen=True)
class ColorWords:
    """What stands under a color: a sentence, and an offered color or nothing."""

    sentence: str
    offered: str


@dataclass(frozen=True)
class Strip:
    """The colors of the live strip, as the plain theme uses them on white."""

    band: str
    band_text: str
    label: str
    button: str
    button_text: str
    link: str


def words(color: str) -> ColorWords:
    """The contrast of a color as text on white."""
    try:
        color = contrast.normal(color)
    except ValueError:
        return ColorWords("Please give a color like #0b5394.", "")
    reached = contrast.ratio(color, WHITE)
    if reached >= TEXT:
        return ColorWords(f"Contrast {reached:.1f} : 1 on white. Easy to read.", "")
    offered = contrast.nearest_passing(color, WHITE, TEXT)
    return ColorWords(f"Contrast {reached:.1f} : 1 on white. Hard to read for some.", offered)


def strip(base: str, highlight: str) -> Strip:
    """The strip for two colors; defaults for what is no color."""
    base = _or(base, "#0d6efd")
    highlight = _or(highlight, "#198754")
    button = contrast.nearest_passing(highlight, WHITE, 3)
    return Strip(
        band=base,
        band_text=contrast.text_on(base),
        label=contrast.nearest_passing(base, WHITE, TEXT),
        button=button,
        button_text=contrast.text_on(button),
        link=contrast.nearest_passing(highlight, WHITE, TEXT),
    )


def _or(color: str, otherwise: str) -> str:
    try:
        return contrast.normal(color)
    except ValueError:
        return otherwise
