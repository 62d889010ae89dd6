"""Static files out of memory: addresses with a digest, kept by browsers for a year, compressed.

Must never reach a file that was not in the folder when it was read.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, current_app, make_response, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from hostedpages.web.asked import accepts_gzip

FOLDER = Path(__file__).resolve().parent.parent / "static"
COMPRESSIBLE = frozenset({".css", ".js", ".svg", ".json", ".txt", ".html"})
FOR_EVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("web", __name__, template_folder="templates")


@dataclass(frozen=True)
class StaticFile:
    """One file: its bytes, the same compressed (empty when that saves nothing), its type."""

    body: bytes
    compressed: bytes
    content_type: str
    digest: str


class Shelf:
    """All files of a folder. One digest for all, so that a module's relative imports keep it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read()

    def _read(self) -> None:
        self.files: dict[str, StaticFile] = {}
        total = hashlib.sha256()
        self._stamp = self._newest()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not any(
                part.startswith(".") for part in path.relative_to(self.folder).parts
            ):
                name = path.relative_to(self.folder).as_posix()
                self.files[name] = _read_file(path)
                total.update(f"{name}\0{self.files[name].digest}\n".encode())
        self.digest = total.hexdigest()[:16]

    def refresh(self) -> None:
        """Read again what changed on the disk: for development only."""
        if self._newest() != self._stamp:
            self._read()

    def _newest(self) -> tuple[int, float]:
        times = [path.stat().st_mtime for path in self.folder.rglob("*") if path.is_file()]
        return len(times), max(times, default=0.0)

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError for an unknown one, so that a test notices."""
        if name not in self.files:
            raise KeyError(f"no static file is called {name!r}")
        return f"/static/{self.digest}/{name}"


def install(app: Flask) -> None:
    """Serve the folder, and give templates `static_url('builder/builder.css')`."""
    app.extensions["hostedpages_static"] = Shelf(FOLDER)
    app.jinja_env.globals["static_url"] = static_url
    app.register_blueprint(blueprint)


def static_url(name: str) -> str:
    """The address of a static file, with the digest of the whole folder."""
    return _shelf().url(name)


def static_file(name: str) -> StaticFile:
    """A static file itself, for a room that serves it under an address of its own."""
    return _shelf().files[name]


def answer_with(found: StaticFile, cache_control: str) -> Response:
    """An answer with this file, compressed for those who can read it."""
    can_gzip = accepts_gzip(request.headers.get("Accept-Encoding", "")) and bool(found.compressed)
    response = make_response(found.compressed if can_gzip else found.body)
    response.headers["Content-Type"] = found.content_type
    response.headers["Cache-Control"] = cache_control
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if found.compressed:
        response.headers["Vary"] = "Accept-Encoding"
    if can_gzip:
        response.headers["Content-Encoding"] = "gzip"
    # Weak: the compressed answer has other bytes of the same meaning.
    response.set_etag(found.digest[:32], weak=True)
    return response.make_conditional(request)


@blueprint.get("/static/<digest>/<path:name>")
def serve(digest: str, name: str) -> Response:
    """A file. An address of an earlier release still works, but is asked for again each time."""
    shelf = _shelf()
    found = shelf.files.get(name)
    if found is None:
        raise NotFound()
    return answer_with(found, FOR_EVER if digest == shelf.digest else "no-cache")


serve.gate = "public"  # type: ignore[attr-defined]  # the gates' room stands above this one


def _shelf() -> Shelf:
    shelf: Shelf = current_app.extensions["hostedpages_static"]
    if current_app.debug:
        shelf.refresh()
    return shelf


def _read_file(path: Path) -> StaticFile:
    body = path.read_bytes()
    compressed = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSIBLE else b""
    if len(compressed) >= len(body):
        compressed = b""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix in (".js", ".mjs"):
        kind = "text/javascript"
    if kind.startswith("text/") or kind == "image/svg+xml":
        kind += "; charset=utf-8"
    return StaticFile(body, compressed, kind, hashlib.sha256(body).hexdigest())
