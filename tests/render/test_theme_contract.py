"""What every folder below themes/ must keep; a new theme is tested by being there."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hostedpages.render import themes
from hostedpages.render.drawing import first_state
from hostedpages.render.page import Look, draw_form
from hostedpages.render.themes import ThemeError
from hostedpages.schema import contrast
from hostedpages.schema.form_schema import FormSchema

DOCUMENT = json.loads((Path(__file__).parents[1] / "documents/kitchen_sink.json").read_text())
THEMES = sorted(themes.all_themes())
COLORS = ["#000000", "#ffffff", "#0d6efd", "#ffff00", "#11ee77", "#7f7f7f", "#ff0000", "#0b5394"]


class Controls(HTMLParser):
    """Labels and the controls they belong to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labeled: set[str] = set()
        self.inside_label = False
        self.unlabeled: list[str] = []
        self.mains = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "main":
            self.mains += 1
        if tag == "label":
            self.inside_label = True
            self.labeled.add(found.get("for") or "")
        is_control = tag in ("input", "select", "textarea") and found.get("type") != "hidden"
        if is_control and not self.inside_label and found.get("id") not in self.labeled:
            self.unlabeled.append(found.get("name") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.inside_label = False


def drawn(key: str) -> str:
    document = {**DOCUMENT, "options": {**DOCUMENT["options"], "theme": key}}
    schema = FormSchema.load(document)
    state = first_state(schema)
    state.visible = {each.key for each in schema.fields}
    state.errors = {each.key: ["Wrong."] for each in schema.fields}
    return draw_form(schema, state, Look("/static/form.js"), "public-id").html


@pytest.mark.parametrize("key", THEMES)
def test_each_control_has_its_label_and_each_id_is_there_once(key: str) -> None:
    reader = Controls()
    reader.feed(drawn(key))
    assert reader.unlabeled == []
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.mains == 1


@pytest.mark.parametrize("key", THEMES)
def test_nothing_is_loaded_and_nothing_is_styled_inline(key: str) -> None:
    html = drawn(key)
    assert not re.search(r"\sstyle=|url\(|@import|\son[a-z]+=", html)
    assert re.findall(r"<script[^>]*>", html) == ['<script src="/static/form.js" defer>']
    assert re.search(r"\[hidden\]\s*\{\s*display:\s*none", themes.theme(key).css)


@pytest.mark.parametrize("key", THEMES)
@pytest.mark.parametrize("base", COLORS)
@pytest.mark.parametrize("highlight", COLORS)
def test_text_and_controls_pass_in_light_and_dark(key: str, base: str, highlight: str) -> None:
    theme = themes.theme(key)
    for surfaces in (theme.light, theme.dark):
        colors = themes.palette(surfaces, base, highlight)
        surface = colors["surface"]
        for name in ("text", "quiet", "bad", "ok", "label", "link"):
            assert contrast.ratio(colors[name], surface) >= 4.5, name
        assert contrast.ratio(colors["bad"], colors["bad-surface"]) >= 4.5
        assert contrast.ratio(colors["band"], colors["band-text"]) >= 4.5
        assert contrast.ratio(colors["button"], colors["button-text"]) >= 4.5
        assert contrast.ratio(colors["border"], surface) >= 3
        assert contrast.ratio(colors["focus"], surface) >= 3


def test_a_theme_that_is_gone_is_replaced_and_never_an_error() -> None:
    assert themes.theme("gone").key in THEMES


def test_a_broken_theme_says_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(ThemeError, match=r"theme\.toml"):
        themes.read_theme(folder)
    for name in ("theme.toml", "page.html", "theme.css"):
        source = Path(themes.THEMES_DIR) / THEMES[0] / name
        (folder / name).write_text(source.read_text())
    themes.read_theme(folder)
    (folder / "theme.css").write_text("a { background: url(//evil.test) }")
    with pytest.raises(ThemeError, match="must not load"):
        themes.read_theme(folder)
