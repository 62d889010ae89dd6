"""A field type, a delivery kind and a theme are each one file or folder: nobody else names them.

What differs between them is asked of the object. A comparison with a name would be the second
place to edit when one is added.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from hostedpages.delivery.kinds import KINDS
from hostedpages.schema.fields import TYPES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "hostedpages"
NAMES = {
    "type": frozenset(TYPES),
    "kind": frozenset(KINDS),
    "theme": frozenset(folder.name for folder in (ROOT / "themes").iterdir() if folder.is_dir()),
}
OWN_ROOMS = ("schema/fields/", "delivery/kinds/")
# In scripts, `type` and `kind` of these are the browser's own.
BROWSERS = r"(?:event|input|control|target|button|node|message|change|this)"
SCRIPT = re.compile(
    rf"(?<![\w.])(?!{BROWSERS}\??\.)[\w.?\[\]]+?\.(type|kind|theme)\s*[!=]==?\s*[\"'](\w+)[\"']"
)


def test_python_compares_no_type_kind_or_theme_by_name() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(OWN_ROOMS):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found += [f"{name}:{node.lineno}" for _ in _python_comparisons(node)]
    assert found == []


def _python_comparisons(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
    elif isinstance(node, ast.Match):
        patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
        sides = [node.subject, *[p.value for p in patterns if isinstance(p, ast.MatchValue)]]
    else:
        return
    attributes = {_attribute(side) for side in sides} & NAMES.keys()
    for attribute in attributes:
        constants = {
            part.value
            for side in sides
            for part in ast.walk(side)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        }
        if constants & NAMES[attribute]:
            yield node


def _attribute(node: ast.expr) -> str:
    """`theme` of `page.theme`, `page["theme"]`, `page.get("theme")` and `page.theme.key`."""
    if isinstance(node, ast.Attribute):
        return _attribute(node.value) if node.attr == "key" else node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        first = node.args[0]
        return str(first.value) if isinstance(first, ast.Constant) else ""
    return ""


def test_templates_compare_no_type_kind_or_theme_by_name() -> None:
    found = []
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"])
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        for node in environment.parse(path.read_text("utf-8")).find_all(nodes.Compare):
            sides = [node.expr, *[operand.expr for operand in node.ops]]
            attributes = {getattr(side, "attr", "") for side in sides} & NAMES.keys()
            constants = {
                part.value
                for side in sides
                for part in [side, *side.find_all(nodes.Const)]
                if isinstance(part, nodes.Const)
            }
            if any(constants & NAMES[attribute] for attribute in attributes):
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert found == []


def test_scripts_compare_no_type_kind_or_theme_by_name() -> None:
    found = []
    # The public scripts know only the browser's own elements, so the builder's are read.
    for path in sorted((PACKAGE / "static" / "builder").rglob("*.js")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for attribute, value in SCRIPT.findall(line):
                if value in NAMES[attribute]:
                    found.append(f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}")
    assert found == []
