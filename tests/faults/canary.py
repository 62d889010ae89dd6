"""A password that must show up nowhere, in every form in which it could.

And a person with a browser without scripts, who walks every page that can be reached by links.
"""

import base64
import html
import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode, urljoin, urlsplit

_LINKS = re.compile(r'(?:href|action|src)="([^"]+)"')
_CSRF = re.compile(r'name="csrf(?:-token|_token)" (?:content|value)="([^"]+)"')
_NOT_WALKED = re.compile(r"/(?:sign-out|static)\b")


def forms_of(secret: str, user: str) -> dict[str, bytes]:
    """The secret as it could leak: in clear, escaped, and in base64 wherever it begins."""
    found = {
        "clear": secret,
        "html": html.escape(secret),
        "json": json.dumps(secret)[1:-1],
        "url": quote(secret),
        "form": quote_plus(secret),
        "hex": secret.encode().hex(),
        "sign-in": base64.b64encode(f"\0{user}\0{secret}".encode()).decode(),
    }
    for before in range(3):
        coded = base64.b64encode(b"x" * before + secret.encode()).decode()
        # Without what the neighbors share in the first and the last letters.
        found[f"base64 after {before}"] = coded[(0, 2, 3)[before] :].rstrip("=")[:-1]
    return {name: text.encode() for name, text in found.items()} | {
        "utf-16": secret.encode("utf-16-le")
    }


@dataclass
class Watch:
    """Looks for the secret in whatever it is shown, and keeps what it found and how much it saw."""

    secret: str
    user: str
    found: list[str] = field(default_factory=list)
    looked_at: dict[str, int] = field(default_factory=dict)

    def look(self, kind: str, where: str, data: bytes) -> None:
        """Search one thing of a `kind` (page, log, file, process, command)."""
        self.looked_at[kind] = self.looked_at.get(kind, 0) + 1
        for name, needle in forms_of(self.secret, self.user).items():
            if needle in data:
                self.found.append(f"{kind} {where}: {name}")

    def look_at_files(self, folder: Path) -> None:
        """Every file below `folder`, as it lies on the disk."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.look("file", file.name, file.read_bytes())

    def look_at_processes(self, pids: list[int]) -> None:
        """Command line and environment of each process that still lives."""
        for pid in pids:
            for name in ("cmdline", "environ"):
                try:
                    data = Path(f"/proc/{pid}/{name}").read_bytes()
                except OSError:
                    continue
                self.look("process", f"{pid} {name}", data)


class Browser:
    """Somebody with cookies and without scripts. Everything answered is looked at."""

    def __init__(self, url: str, watch: Watch) -> None:
        self._url = url
        self._watch = watch
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), _Stay()
        )

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        return self._open(urllib.request.Request(urljoin(self._url, path)))

    def post(self, path: str, values: dict[str, str], *, accept: str = "*/*") -> tuple[int, str]:
        """Post a form with the token of the page that it stands on (its address, or its list)."""
        for page in (path, path.rpartition("/")[0], "/settings/mail", "/"):
            token = _CSRF.search(self.get(page)[1])
            if token:
                break
        fields = values | ({"csrf_token": token[1]} if token else {})
        request = urllib.request.Request(
            urljoin(self._url, path),
            urlencode(fields).encode(),
            {"Accept": accept, "Referer": urljoin(self._url, path)},
        )
        return self._open(request)

    def walk(self, *starts: str, most: int = 60) -> int:
        """Follow links from `starts` within the product; returns how many pages there were."""
        waiting, seen = list(starts), set(starts)
        walked = 0
        while waiting and walked < most:
            path = waiting.pop(0)
            status, text = self.get(path)
            walked += 1
            if status != 200:
                continue
            for link in _LINKS.findall(text):
                target = urlsplit(urljoin(urljoin(self._url, path), html.unescape(link)))
                if f"{target.scheme}://{target.netloc}" != self._url or target.path in seen:
                    continue
                if _NOT_WALKED.match(target.path):
                    continue
                seen.add(target.path)
                waiting.append(target.path)
        return walked

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=60) as answer:
                status, headers, body = answer.status, str(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, str(error.headers), error.read()
        self._watch.look("page", request.full_url, headers.encode() + body)
        return status, body.decode("utf-8", "replace")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Hands redirects to the caller, whose headers are looked at too."""

    def redirect_request(self, *_args: object) -> None:
        return None
