"""Colors in words, by the rules that the browser shares."""

import json
from pathlib import Path

from hostedpages.builder.options import colors
from hostedpages.schema import contrast

VECTORS = Path(__file__).parents[1] / "documents" / "contrast_vectors.json"


def test_the_shared_colors_come_out_as_the_browser_has_them() -> None:
    for vector in json.loads(VECTORS.read_text()):
        found = contrast.nearest_passing(vector["color"], vector["background"], vector["minimum"])
        assert (found, contrast.text_on(vector["color"])) == (
            vector["nearest"],
            vector["text_on"],
        )


def test_a_readable_color_is_offered_no_other() -> None:
    assert colors.words("#0b5394").offered == ""
    assert "Easy to read" in colors.words("#0b5394").sentence


def test_what_is_no_color_is_told_what_a_color_looks_like() -> None:
    assert colors.words("blue").sentence == "Please give a color like #0b5394."
    assert colors.strip("blue", "").band == "#0d6efd"
