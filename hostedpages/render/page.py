"""Draws public pages: a version and its theme become HTML with its style and policy.

The page that everybody gets is drawn once for each version and kept in memory; one with answers,
errors or a known contact is drawn per request from the same templates. Must never write, and never
put into a kept page what belongs to one visitor.
"""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from hostedpages.config import THEMES_DIR
from hostedpages.render import themes
from hostedpages.render.drawing import FormState, Painter, first_state
from hostedpages.render.known_contact import Treatment
from hostedpages.render.live import Kept, LivePage, Version
from hostedpages.render.policy import policy_of
from hostedpages.schema.form_schema import FormSchema

MAX_PREFILL = 2_000
_HOLE = "@@form-token@@"


@dataclass(frozen=True, slots=True)
class Look:
    """Where a page is shown: alone or in a frame, by which script, in a forced color scheme."""

    script_url: str
    is_embedded: bool = False
    color_scheme: str | None = None
    canonical: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as text, with the style's digest for the content policy."""

    html: str
    style_digest: str

    @property
    def body(self) -> bytes:
        return self.html.encode()


@dataclass(frozen=True, slots=True)
class Message:
    """What stands in the place of the form: thanks, closed, not taken."""

    heading: str
    text: str = ""
    is_good: bool = False
    reference: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    link_url: str = ""
    link_label: str = ""
    link_target: str = ""


@dataclass(frozen=True, slots=True)
class Blank:
    """The empty page with its token, ready to be sent."""

    body: bytes
    compressed: bytes
    etag: str
    policy: str


def _environment() -> Environment:
    own = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=ChoiceLoader([own, PrefixLoader({"themes": FileSystemLoader(THEMES_DIR)})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.get_template("render/document.html")
    return environment


_templates = _environment()


class Pages:
    """Draws the pages of one application and keeps those that everybody gets."""

    def __init__(self) -> None:
        self._drawn: Kept[Drawn] = Kept()
        self._blanks: Kept[Blank] = Kept()

    def blank(self, live: LivePage, version: Version, look: Look, token: str) -> Blank:
        """The empty page of a version. The same bytes for everybody while `token` is the same."""
        key = (version.id, look, token, live.version.id)
        kept = self._blanks.get(key)
        if kept is not None:
            return kept
        drawn = self._with_hole(live, version, look)
        body = drawn.html.replace(_HOLE, token).encode()
        return self._blanks.put(
            key,
            Blank(
                body=body,
                compressed=gzip.compress(body, 9, mtime=0),
                etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"',
                policy=policy_of(version.schema, drawn.style_digest, look.is_embedded),
            ),
        )

    def _with_hole(self, live: LivePage, version: Version, look: Look) -> Drawn:
        theme = themes.theme(version.schema.options.theme)
        key = (version.id, theme.digest, look)
        kept = self._drawn.get(key)
        if kept is not None:
            return kept
        state = first_state(version.schema)
        state.token = _HOLE
        return self._drawn.put(key, draw_form(version.schema, state, look, live.public_id))


def draw_form(schema: FormSchema, state: FormState, look: Look, public_id: str) -> Drawn:
    """The whole page with its form, in the state that a visitor left it."""
    target = "_top" if look.is_embedded and schema.options.redirect_top else ""
    painter = Painter(schema, state, public_id=public_id)
    content = _templates.get_template("render/form.html").render(form=painter.form(target))
    return _document(schema, content, look, error_count=len(state.errors))


def draw_message(schema: FormSchema, message: Message, look: Look) -> Drawn:
    """A page in the form's design that says something instead of asking."""
    content = _templates.get_template("render/message.html").render(message=message)
    return _document(schema, content, look, is_indexed=False)


def draw_preview(
    schema: FormSchema,
    *,
    script_url: str,
    color_scheme: str | None = None,
    treatment: Treatment | None = None,
    values: Mapping[str, list[str]] | None = None,
    screen: int = 0,
    is_embedded: bool = False,
) -> Drawn:
    """The page for the designer: the real renderer, with `data-element` on every element.

    Takes a draft that is not ready to be published. The form has no token and cannot be sent.
    """
    state = first_state(schema, values, treatment or Treatment())
    state.current = min(max(screen, 0), len(schema.screens) - 1)
    painter = Painter(schema, state, public_id="", is_preview=True)
    content = _templates.get_template("render/form.html").render(form=painter.form(""))
    look = Look(script_url=script_url, color_scheme=color_scheme, is_embedded=is_embedded)
    return _document(schema, content, look, is_indexed=False)


def _document(
    schema: FormSchema,
    content: str,
    look: Look,
    *,
    error_count: int = 0,
    is_indexed: bool | None = None,
) -> Drawn:
    options = schema.options
    theme = themes.theme(options.theme)
    style = themes.style(theme, options.base_color, options.highlight_color, look.color_scheme)
    page = SimpleNamespace(
        title=schema.title or schema.name,
        description=schema.description,
        has_band=not look.is_embedded,
        is_embedded=look.is_embedded,
        is_indexed=options.index if is_indexed is None else is_indexed,
        canonical=look.canonical if options.index else "",
        color_scheme=look.color_scheme,
        error_count=error_count,
        icon=_icon(options.base_color),
        style=Markup(style),  # noqa: S704  our own theme file and checked colors
        script_url=look.script_url,
        layout=theme.layout,
    )
    html = _templates.get_template("render/document.html").render(
        page=page,
        content=Markup(content),  # noqa: S704  drawn by our own templates just now
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Drawn(html, digest)


def _icon(color: str) -> str:
    """A picture for the browser's tab that needs no request."""
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
        f"<rect width='16' height='16' rx='4' fill='{color}'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe="/:='<> ")
