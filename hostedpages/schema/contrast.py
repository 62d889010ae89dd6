"""Contrast of two colors, and the nearest color that can be read (WCAG 2.2, 1.4.3).

Must never see anything but `#rrggbb`.
"""

import colorsys
import re

COLOR_PATTERN = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def normal(text: str) -> str:
    """`#rgb` or `#rrggbb` as lower-case `#rrggbb`. Raises ValueError."""
    text = text.strip()
    if not COLOR_PATTERN.fullmatch(text):
        raise ValueError("Please give a color as #rgb or #rrggbb, such as #0b5394.")
    digits = text[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(each * 2 for each in digits))


def ratio(a: str, b: str) -> float:
    """Contrast from 1.0 (same) to 21.0 (black on white)."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(color: str) -> str:
    """Black or white, whichever reads better on `color`."""
    return "#000000" if ratio(color, "#000000") >= ratio(color, "#ffffff") else "#ffffff"


def nearest_passing(color: str, background: str, minimum: float = 4.5) -> str:
    """The color of the same hue nearest to `color` with at least `minimum` on `background`.

    Falls back to black or white when no shade passes.
    """
    if ratio(color, background) >= minimum:
        return normal(color)
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(color))
    for step in range(1, 256):
        shades = [
            _hex(*colorsys.hls_to_rgb(hue, moved, saturation))
            for moved in (lightness - step / 255, lightness + step / 255)
            if 0 <= moved <= 1
        ]
        passing = [shade for shade in shades if ratio(shade, background) >= minimum]
        if passing:
            return max(passing, key=lambda shade: ratio(shade, background))
    return text_on(background)


def _channels(color: str) -> tuple[float, float, float]:
    digits = normal(color)[1:]
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in _channels(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(red: float, green: float, blue: float) -> str:
    shares = (min(1.0, max(0.0, each)) for each in (red, green, blue))
    return "#" + "".join(f"{round(each * 255):02x}" for each in shares)
