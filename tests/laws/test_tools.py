"""The linters and the browser's own unit tests, each one test, so that one summary tells all."""

import subprocess
import sys
from pathlib import Path

import playwright
import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
NODE = Path(playwright.__file__).parent / "driver" / "node"
BROWSER_CODE = ["hostedpages/static/builder", "hostedpages/static/public", "tests/js"]


def must_pass(*command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)


def test_ruff_finds_nothing() -> None:
    must_pass(BIN / "ruff", "check", "--no-cache", "--output-format=concise", ".")


def test_python_files_are_formatted() -> None:
    must_pass(BIN / "ruff", "format", "--no-cache", "--check", ".")


def test_types_are_right() -> None:
    must_pass(BIN / "mypy", "--no-error-summary")


def test_rooms_import_only_what_stands_below_them() -> None:
    must_pass(BIN / "lint-imports", "--no-cache")


def test_browser_code_is_clean() -> None:
    must_pass(
        BIN / "oxlint",
        "--deny-warnings",
        "--disable-unicorn-plugin",
        "--format=unix",
        *BROWSER_CODE,
    )


def test_browser_code_keeps_its_promises() -> None:
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "tests/js").glob("*.test.js"))
    assert files
    must_pass(NODE, "--test", "--test-reporter=spec", *files)
