"""Every template parses, finds what it extends and includes, uses what it imports, runs no script.

The product sends a strict content policy: what these rules refuse would be dead in a browser.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Template, nodes

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "hostedpages"
FILES = sorted([*PACKAGE.rglob("templates/**/*.html"), *ROOT.glob("themes/*/*.html")])
# What a strict policy forbids, or what belongs into a stylesheet.
DEAD = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.I),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "an inline style": re.compile(r"<[^>{]*\sstyle\s*=\s*[\"']", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a script address": re.compile(r"[\"']javascript:", re.I),
    "text trusted by force": re.compile(r"\|\s*safe\b"),
}
ALLOWED = {
    # Mail readers ignore stylesheets.
    "an inline style": ("hostedpages/delivery/templates/",),
    # The public page brings its theme along, allowed by its digest.
    "a style element": (
        "hostedpages/delivery/templates/",
        "hostedpages/render/templates/render/document.html",
    ),
}


def names() -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in FILES]


@pytest.fixture
def templates(app: Flask) -> dict[str, nodes.Template]:
    """Template name -> its syntax tree, for all that the web application loads."""
    found = {}
    for name in app.jinja_env.list_templates(extensions=["html"]):
        loader = app.jinja_env.loader
        assert loader is not None
        source, _, _ = loader.get_source(app.jinja_env, name)
        found[name] = app.jinja_env.parse(source, name)
    return found


def test_every_template_of_a_page_compiles(app: Flask) -> None:
    for name in app.jinja_env.list_templates(extensions=["html", "txt", "xml"]):
        assert isinstance(app.jinja_env.get_template(name), Template)


def test_what_templates_extend_include_and_import_is_there(
    app: Flask, templates: dict[str, nodes.Template]
) -> None:
    known = set(app.jinja_env.list_templates())
    missing = [
        f"{name} needs {wanted}"
        for name, tree in templates.items()
        for wanted in _wanted(tree)
        if wanted not in known
    ]
    assert missing == []


def _wanted(tree: nodes.Template) -> Iterator[str]:
    for kind in (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport):
        yield from _goals(tree, kind)


def test_templates_use_what_they_import(templates: dict[str, nodes.Template]) -> None:
    names = {
        name: {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
        for name, tree in templates.items()
    }
    unused = [
        f"{name}: {imported}"
        for name, tree in templates.items()
        for imported in _imported(tree)
        if not any(imported in names[reader] for reader in _readers(name, templates))
    ]
    assert unused == []


def _imported(tree: nodes.Template) -> Iterator[str]:
    for each in tree.find_all(nodes.FromImport):
        yield from (name[1] if isinstance(name, tuple) else name for name in each.names)
    yield from (whole.target for whole in tree.find_all(nodes.Import))


def _readers(name: str, templates: dict[str, nodes.Template]) -> set[str]:
    """Templates that see what `name` imports: itself, what it includes, what extends it."""
    readers = {name}
    while True:
        more = set(readers)
        for other, tree in templates.items():
            if _goals(tree, nodes.Extends) & readers:
                more.add(other)
        for reader in readers:
            more |= _goals(templates[reader], nodes.Include) & templates.keys()
        if more == readers:
            return readers
        readers = more


def _goals(tree: nodes.Template, kind: type[nodes.Node]) -> set[str]:
    found = (getattr(node, "template", None) for node in tree.find_all(kind))
    return {goal.value for goal in found if isinstance(goal, nodes.Const)}


@pytest.mark.parametrize("what", DEAD)
def test_templates_hold_nothing_that_the_content_policy_refuses(what: str) -> None:
    allowed = ALLOWED.get(what, ())
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}"
        for name, text in ((name, (ROOT / name).read_text("utf-8")) for name in names())
        if not name.startswith(allowed or ("/",))
        for hit in DEAD[what].finditer(text)
    ]
    assert found == []


def test_icons_that_templates_name_are_in_the_sprite() -> None:
    sprite = (PACKAGE / "static" / "icons.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = {
        (name, icon)
        for name in names()
        for icon in re.findall(r"\bicon\(\s*[\"']([^\"']+)", (ROOT / name).read_text("utf-8"))
    }
    scripts = (PACKAGE / "static" / "builder").rglob("*.js")
    named |= {
        (path.name, icon)
        for path in scripts
        for icon in re.findall(r"\bicon\(\s*[\"']([^\"']+)", path.read_text("utf-8"))
    }
    assert sorted(each for each in named if each[1] not in known) == []
