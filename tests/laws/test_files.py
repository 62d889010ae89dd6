"""Files are short, say what they are for, and belong to this product alone."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_REFUSED = 400
OTHERS = ("hostedpages/static/vendor/", "tests/vendor/", "requirements/")
# Written in two halves, so that this file does not hold them itself.
FOREIGN = ("/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/", "/op" + "t/wheels", "/op" + "t/pypi")
FORBIDDEN_NAMES = ("utils.py", "helpers.py", "misc.py", "common.py")


def tracked() -> list[Path]:
    """Files under version control, or all of an unpacked archive, but not others' work."""
    listed = ""
    if shutil.which("git"):
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    if listed:
        names = listed.rstrip("\0").split("\0")
    else:
        rooms = ("hostedpages", "tests", "tools", "themes", "docs")
        names = [
            path.relative_to(ROOT).as_posix()
            for room in rooms
            for path in (ROOT / room).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ]
    return [ROOT / name for name in names if not name.startswith(OTHERS) and (ROOT / name).exists()]


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


PYTHON = [path for path in tracked() if path.suffix == ".py"]
OURS = [path for path in PYTHON if path.is_relative_to(ROOT / "hostedpages")]


def relative(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def test_no_file_is_a_giant() -> None:
    # A migration is written once and never read as a whole again.
    kinds = (".py", ".js", ".html")
    code = [p for p in tracked() if p.suffix in kinds and "migrations" not in p.parts]
    giants = [path for path in code if len(text_of(path).splitlines()) > LINES_REFUSED]
    assert relative(giants) == []


def test_every_file_has_a_name_that_says_what_is_in_it() -> None:
    assert relative([path for path in PYTHON if path.name in FORBIDDEN_NAMES]) == []


def test_every_module_says_what_it_is_for() -> None:
    mute = [
        path
        for path in PYTHON
        if text_of(path).strip() and ast.get_docstring(ast.parse(text_of(path))) is None
    ]
    assert relative(mute) == []


@pytest.mark.parametrize("word", FOREIGN)
def test_no_file_names_a_folder_of_the_machine_it_was_written_on(word: str) -> None:
    assert relative([path for path in tracked() if word in text_of(path)]) == []


def test_the_packages_first_module_imports_nothing() -> None:
    # Otherwise the worker, which imports the package, would load all of the web.
    tree = ast.parse(text_of(ROOT / "hostedpages" / "__init__.py"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_every_signature_in_the_product_is_annotated() -> None:
    bare = []
    for path in OURS:
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                named = [each for each in arguments if each.arg not in ("self", "cls")]
                if node.returns is None or any(each.annotation is None for each in named):
                    bare.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert bare == []
