"""Refresh or check the third-party browser code that is kept in this repository.

`python tools/vendor.py` fetches every package of vendor.toml with npm, checks its archive against
the pinned integrity, bundles it once with esbuild and writes the digests back.
`python tools/vendor.py --check` only re-hashes what is committed, without Node or network.
The product never runs this file: what it makes is committed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "hostedpages" / "static" / "vendor" / "vendor.toml"


def main() -> int:
    """Parse the command line and do the one thing asked for. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only re-hash the committed files")
    parser.add_argument("--only", help="refresh this package alone")
    chosen = parser.parse_args()
    if chosen.check:
        problems = check()
        sys.stdout.writelines(f"{problem}\n" for problem in problems)
        return 1 if problems else 0
    refresh(chosen.only)
    return 0


def read_pins() -> dict[str, Any]:
    """The parsed vendor.toml."""
    return tomllib.loads(PINS.read_text("utf-8"))


def check() -> list[str]:
    """Every difference between vendor.toml and the committed files, in words; empty when none."""
    problems: list[str] = []
    listed: set[Path] = {PINS}
    for package in read_pins()["package"]:
        name = f"{package['name']} {package['version']}"
        if not package["integrity"].startswith("sha512-"):
            problems.append(f"{name}: the archive has no pinned integrity")
        if not any(path.endswith(package["notice"]) for path in package["sha256"]):
            problems.append(f"{name}: the license text is not among the kept files")
        for path, wanted in package["sha256"].items():
            kept = ROOT / path
            listed.add(kept)
            if not kept.is_file():
                problems.append(f"{path} is missing")
            elif digest(kept) != wanted:
                problems.append(f"{path} differs from vendor.toml")
    for folder in (PINS.parent, ROOT / "tests" / "vendor"):
        problems += [
            f"{found.relative_to(ROOT)} is not in vendor.toml"
            for found in sorted(folder.rglob("*"))
            if found.is_file() and found not in listed
        ]
    return problems


def digest(path: Path) -> str:
    """SHA-256 of a file as lower-case hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refresh(only: str | None) -> None:
    """Fetch, verify, build and write every package (or one), then write the digests back."""
    pins = read_pins()
    text = PINS.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        workshop = Path(folder)
        (workshop / "package.json").write_text('{"private": true}')
        bundler = f"{pins['bundler']['name']}@{pins['bundler']['version']}"
        run(["npm", "install", "--ignore-scripts", "--silent", bundler], workshop)
        for package in pins["package"]:
            if only in (None, package["name"]):
                integrity = fetch(package, workshop)
                kept = build(package, workshop)
                text = with_digests(text, package["name"], integrity, kept)
                sys.stdout.write(f"{package['name']} {package['version']}\n")
    PINS.write_text(text, "utf-8")


def fetch(package: dict[str, Any], workshop: Path) -> str:
    """Unpack one archive under node_modules and return its integrity.

    Raises SystemExit when the archive is not the pinned one.
    """
    wanted = f"{package['name']}@{package['version']}"
    listing = json.loads(run(["npm", "pack", "--json", wanted], workshop))
    if isinstance(listing, dict):
        listing = list(listing.values())
    archive = workshop / listing[0]["filename"]
    raw = hashlib.sha512(archive.read_bytes()).digest()
    integrity = "sha512-" + base64.b64encode(raw).decode()
    if package["integrity"] not in ("", integrity):
        raise SystemExit(f"{wanted}: the archive is {integrity}, not the pinned one")
    with tarfile.open(archive) as tar:
        tar.extractall(workshop / "unpacked" / package["name"], filter="data")
    target = workshop / "node_modules" / package["name"]
    target.parent.mkdir(parents=True, exist_ok=True)
    (workshop / "unpacked" / package["name"] / "package").rename(target)
    return integrity


def build(package: dict[str, Any], workshop: Path) -> dict[str, str]:
    """Write the kept files of one package; returns path (from the root) -> SHA-256."""
    source = workshop / "node_modules" / package["name"]
    folder = ROOT / package["folder"]
    folder.mkdir(parents=True, exist_ok=True)
    notice = folder / package["notice"]
    notice.write_bytes((source / package["notice"]).read_bytes())
    kept = [notice]
    if "copy" in package:
        kept.append(folder / package["copy"])
        kept[-1].write_bytes((source / package["copy"]).read_bytes())
    if "bundle" in package:
        kept.append(folder / package["bundle"])
        bundle(package["entry"], kept[-1], workshop)
    if "sprite" in package:
        kept.append(ROOT / package["sprite"])
        kept[-1].write_text(sprite(source / "icons", package["icons"].split()), "utf-8")
    return {path.relative_to(ROOT).as_posix(): digest(path) for path in kept}


def bundle(entry: str, target: Path, workshop: Path) -> None:
    """One minified ES module without imports, made from `entry`."""
    start = workshop / "entry.mjs"
    start.write_text(entry)
    command = ["node_modules/.bin/esbuild", str(start), "--bundle", "--minify", "--format=esm"]
    command += ["--target=es2022", "--legal-comments=eof", f"--outfile={target}"]
    run([*command, "--log-level=warning"], workshop)


def sprite(icons: Path, names: list[str]) -> str:
    """One SVG file with a <symbol> per icon, drawn in the current text color."""
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in names:
        drawing = (icons / f"{name}.svg").read_text("utf-8")
        inside = re.sub(r"\s+", " ", drawing.split(">", 2)[2].rsplit("</svg>", 1)[0]).strip()
        lines.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
            ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
            f"{inside.replace('> <', '><').replace(' />', '/>')}</symbol>"
        )
    return "\n".join([*lines, "</svg>", ""])


def with_digests(text: str, name: str, integrity: str, kept: dict[str, str]) -> str:
    """vendor.toml with the digests of one package replaced, everything else untouched."""
    parts = text.split("[[package]]\n")
    for index, part in enumerate(parts):
        if part.startswith(f'name = "{name}"\n'):
            head = part.split("[package.sha256]")[0]
            head = re.sub(r'integrity = "[^"]*"', lambda _: f'integrity = "{integrity}"', head)
            lines = "".join(f'"{path}" = "{value}"\n' for path, value in kept.items())
            end = "\n" if index < len(parts) - 1 else ""
            parts[index] = f"{head}[package.sha256]\n{lines}{end}"
    return "[[package]]\n".join(parts)


def run(command: list[str], folder: Path) -> str:
    """Standard output of a command; its errors go to the terminal. Raises when it fails."""
    return subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    raise SystemExit(main())
