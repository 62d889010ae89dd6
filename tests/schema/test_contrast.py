"""Contrast: known figures of WCAG, and a nearest color that passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.schema.contrast import nearest_passing, normal, ratio, text_on

color = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_ratios_are_those_of_wcag() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert ratio("#0d6efd", "#ffffff") == pytest.approx(4.50, abs=0.01)


def test_text_is_black_or_white() -> None:
    assert text_on("#0b5394") == "#ffffff"
    assert text_on("#ffc107") == "#000000"


@pytest.mark.parametrize("text", ["red", "#ffff", "#gggggg", "", "#fff;", "var(--x)", "#ffffff00"])
def test_other_spellings_of_colors_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="color"):
        normal(text)


def test_a_color_that_passes_stays() -> None:
    assert nearest_passing("#0b5394", "#ffffff") == "#0b5394"


@given(color, color)
def test_the_nearest_color_passes_wherever_one_can(given_color: str, background: str) -> None:
    found = nearest_passing(given_color, background)
    assert ratio(found, background) >= 4.5
    assert ratio(text_on(background), background) >= 4.5
