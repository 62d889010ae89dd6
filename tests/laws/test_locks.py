"""Locks install the same everywhere: hashes for each package, and no address of any index."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
PACKAGE = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.M)


def entries(lock: Path) -> dict[str, list[str]]:
    """Package and version -> hashes."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", lock.read_text("utf-8").strip()):
        name = PACKAGE.match(block)
        assert name, f"{lock.name}: {block[:80]}"
        found[name.group()] = re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_no_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    for word in (
        "://",
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--trusted-host",
        " @ ",
    ):
        assert word not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_has_the_hashes_of_all_its_files(lock: Path) -> None:
    found = entries(lock)
    assert all(found.values())
    # One hash would mean that only the wheel of one platform was looked at.
    assert all(len(hashes) > 10 for name, hashes in found.items() if "cryptography==" in name)
    assert any("cryptography==" in name for name in found)


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    runtime = entries(REQUIREMENTS / "runtime.txt")
    assert runtime.keys() <= entries(REQUIREMENTS / "test.txt").keys()
