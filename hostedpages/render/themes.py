"""Finds the themes and turns a page's two colors into a palette that passes in light and dark.

Must never name a theme: each one is a folder, and a page says which.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hostedpages.config import THEMES_DIR
from hostedpages.schema import contrast

TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
CONTROL_CONTRAST = 3.0  # WCAG 2.2, 1.4.11
SURFACE_COLORS = ("surface", "text", "quiet", "line", "bad", "bad_surface", "ok")

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_COLOR = re.compile(r"#[0-9a-f]{6}")


class ThemeError(Exception):
    """A theme's folder does not keep the contract of `themes/README.md`."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One look. `digest` changes with any of its files."""

    key: str
    name: str
    description: str
    layout: str
    css: str
    fonts: tuple[str, ...]
    light: dict[str, str]
    dark: dict[str, str]
    digest: str


@lru_cache(maxsize=1)
def all_themes(folder: Path = THEMES_DIR) -> dict[str, Theme]:
    """Every theme by its key. Raises ThemeError for a folder that breaks the contract."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() and (path / "theme.toml").is_file():
            found[path.name] = read_theme(path)
    if not found:
        raise ThemeError(f"There is no theme in {folder}.")
    return found


def theme(key: str) -> Theme:
    """The theme of this key; a page whose theme is gone gets the first one, never an error."""
    known = all_themes()
    return known.get(key) or next(iter(known.values()))


def read_theme(path: Path) -> Theme:
    """Read one folder. Raises ThemeError that names what is wrong."""
    if not _KEY.fullmatch(path.name):
        raise ThemeError(f"{path.name}: a theme's folder is named with a-z, digits and -.")
    try:
        about = tomllib.loads((path / "theme.toml").read_text("utf-8"))
        layout = (path / "page.html").read_text("utf-8")
        css = (path / "theme.css").read_text("utf-8")
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"{path.name}: {error}") from error
    if layout.count("{{ content }}") != 1:
        raise ThemeError(f"{path.name}/page.html must place {{{{ content }}}} exactly once.")
    if re.search(r"url\(|@import|</style", css, re.IGNORECASE):
        raise ThemeError(f"{path.name}/theme.css must not load anything.")
    fonts = tuple(str(each) for each in about.get("fonts", []))
    if not fonts or any(re.search(r"[;{}<]", each) for each in fonts):
        raise ThemeError(f"{path.name}/theme.toml needs at least one plain font stack.")
    return Theme(
        key=path.name,
        name=str(about.get("name", path.name)),
        description=str(about.get("description", "")),
        layout=f"themes/{path.name}/page.html",
        css=squeeze(css),
        fonts=fonts,
        light=_surfaces(path, about, "light"),
        dark=_surfaces(path, about, "dark"),
        digest=hashlib.sha256((repr(about) + layout + css).encode()).hexdigest()[:16],
    )


def _surfaces(path: Path, about: dict[str, dict[str, str]], scheme: str) -> dict[str, str]:
    colors = about.get(scheme, {})
    for name in SURFACE_COLORS:
        if not _COLOR.fullmatch(str(colors.get(name, ""))):
            raise ThemeError(f"{path.name}/theme.toml: [{scheme}] {name} must be #rrggbb.")
    return {name: colors[name] for name in SURFACE_COLORS}


def squeeze(css: str) -> str:
    """Take comments and needless white space out of a style; it travels with every page."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r"\s*([{};,>])\s*", r"\1", css).replace(": ", ":").strip()


def palette(surfaces: dict[str, str], base_color: str, highlight_color: str) -> dict[str, str]:
    """The custom properties of one color scheme; every text passes 4.5:1, every control 3:1."""
    surface = surfaces["surface"]
    edge = contrast.nearest_passing(highlight_color, surface, CONTROL_CONTRAST)
    properties = {name.replace("_", "-"): color for name, color in surfaces.items()}
    return properties | {
        "band": base_color,
        "band-text": contrast.text_on(base_color),
        "label": contrast.nearest_passing(base_color, surface, TEXT_CONTRAST),
        "border": contrast.nearest_passing(base_color, surface, CONTROL_CONTRAST),
        # The owner's own color, with an edge where it would be lost on the page.
        "button": highlight_color,
        "button-text": contrast.text_on(highlight_color),
        "focus": edge,
        "link": contrast.nearest_passing(highlight_color, surface, TEXT_CONTRAST),
    }


def style(chosen: Theme, base_color: str, highlight_color: str, color_scheme: str | None) -> str:
    """The whole style of a page. `color_scheme` forces light or dark, for the designer."""
    light = _properties(palette(chosen.light, base_color, highlight_color))
    dark = _properties(palette(chosen.dark, base_color, highlight_color))
    font = f"--font:{chosen.fonts[0]}"
    if color_scheme == "dark":
        colors = f":root{{{font};{dark}}}"
    elif color_scheme == "light":
        colors = f":root{{{font};{light}}}"
    else:
        # On paper always light: ink is dark.
        colors = (
            f":root{{{font};{light}}}"
            f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
        )
    return f":root{{color-scheme:{color_scheme or 'light dark'}}}{colors}{chosen.css}"


def _properties(colors: dict[str, str]) -> str:
    return ";".join(f"--{name}:{color}" for name, color in colors.items())
