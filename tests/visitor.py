"""A visitor with a browser that has neither scripts nor cookies: reads the form, fills it, presses.

Sends exactly what the HTML says, so a test that passes with it passes with curl.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class _Reader(HTMLParser):
    """Collects the controls of the one form, their values, and which wrappers are hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.buttons: dict[str, str] = {}
        self.text: list[str] = []
        self.shown: list[str] = []
        self.hidden_fields: list[str] = []
        self._stack: list[bool] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name, value = found.get("name") or "", found.get("value") or ""
        is_hidden = "hidden" in found or any(self._stack)
        if found.get("data-key") and tag in ("div", "fieldset"):
            (self.hidden_fields if is_hidden else self.shown).append(str(found["data-key"]))
        if tag == "input":
            kind = found.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in found:
                self.values.setdefault(name, []).append(value)
        elif tag == "textarea":
            self._area = name
            self.values.setdefault(name, []).append("")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in found:
            self.values.setdefault(self._select, []).append(value)
        elif tag == "button" and not is_hidden:
            self.buttons[value] = name
        if tag in ("div", "fieldset", "section"):
            self._stack.append("hidden" in found)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("div", "fieldset", "section") and self._stack:
            self._stack.pop()
        if tag == "textarea" and self._area:
            kept = self.values[self._area][-1]
            self.values[self._area][-1] = kept.removeprefix("\n")
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][-1] += data
        elif not any(self._stack):
            self.text.append(data)


@dataclass
class Visitor:
    """`open`, then `fill`, then `press`."""

    client: FlaskClient
    path: str
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    response: TestResponse | None = None
    reader: _Reader = field(default_factory=_Reader)

    def open(self) -> "Visitor":
        return self._see(self.client.get(self.path))

    def fill(self, **answers: str | list[str]) -> "Visitor":
        for key, value in answers.items():
            self.values[key] = value if isinstance(value, list) else [value]
        return self

    def press(self, button: str = "submit", **options: Any) -> TestResponse:
        assert button in self.buttons, f"there is no {button}, only {sorted(self.buttons)}"
        data = {name: value for name, value in self.values.items() if value}
        data["_go"] = [button]
        self._see(self.client.post(self.path, data=data, **options))
        assert self.response is not None
        return self.response

    @property
    def text(self) -> str:
        """The words in sight."""
        return " ".join(" ".join(self.reader.text).split())

    @property
    def shown(self) -> list[str]:
        """Keys of the fields in sight."""
        return self.reader.shown

    def _see(self, response: TestResponse) -> "Visitor":
        self.response = response
        assert "Set-Cookie" not in response.headers
        if response.status_code != 303:
            self.reader = _Reader()
            self.reader.feed(response.get_data(as_text=True))
            self.values, self.buttons = self.reader.values, self.reader.buttons
        return self
