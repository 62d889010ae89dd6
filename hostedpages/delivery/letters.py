"""What our mails say: one folder of three templates each, and the values they show.

Must never mark a value as safe markup, and never fail a lead: there is a plain letter for that.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from hostedpages.delivery import notifications, stop_links
from hostedpages.delivery.alarms import letters as alarm_letters
from hostedpages.delivery.facts import Lead
from hostedpages.delivery.kinds.base import Facts, Letter, Payload
from hostedpages.tokens import Tokens

PARTS = ("subject.txt", "body.txt", "body.html")
FOLDER = Path(__file__).parent / "templates" / "email"
# Paths that `accounts` makes; anything else is not ours and is not sent as a link.
_OWN_PATH = re.compile(r"(?:/[A-Za-z0-9_.~-]{1,200}){1,6}")
_MANY_BLANK_LINES = re.compile(r"\n{3,}")


class Letters:
    """Renders letters by the name of their folder; one object a process."""

    def __init__(self, public_url: str, tokens: Tokens) -> None:
        self._public_url = public_url
        self._tokens = tokens
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._loaded: dict[str, list[Template]] = {}
        self._writers: dict[str, Callable[[str, Payload, Facts], Letter]] = {
            "new_lead": self._new_lead,
            "plan_email": self._plan_email,
            "plan_notice": self._plan_notice,
            "alarm": self._alarm,
            "alarm_test": self._alarm,
            "digest": self._alarm,
        }

    def letter(self, name: str, payload: Payload, facts: Facts) -> Letter:
        """Write the letter `name`; raises whatever a broken value makes a template raise."""
        return self._writers.get(name, self._account_mail)(name, payload, facts)

    def plain(self, _name: str, _payload: Payload, facts: Facts) -> Letter:
        """What our own people get when the real letter cannot be written: the way to the lead."""
        url = self._lead_url(facts.lead)
        text = (
            "A lead has arrived, but its answers could not be written into this mail.\n\n"
            f"Open it here: {url or self._public_url + '/leads'}\n"
        )
        return Letter("New lead", text, None)

    def _render(self, name: str, values: dict[str, Any], **more: Any) -> Letter:
        subject, text, html = (each.render(values) for each in self._three(name))
        return Letter(subject, _MANY_BLANK_LINES.sub("\n\n", text).strip() + "\n", html, **more)

    def _three(self, name: str) -> list[Template]:
        if name not in self._loaded:
            self._loaded[name] = [self._templates.get_template(f"{name}/{part}") for part in PARTS]
        return self._loaded[name]

    def _new_lead(self, name: str, payload: Payload, facts: Facts) -> Letter:
        lead: Lead | None = facts.lead
        if lead is None:
            return self.plain(name, payload, facts)
        values = notifications.describe(
            lead, returning=bool(payload.get("returning")), public_url=self._public_url
        )
        return self._render(name, values, reply_to=values["reply_to"])

    def _plan_email(self, name: str, payload: Payload, facts: Facts) -> Letter:
        url = self._public_url + stop_links.path(self._tokens, facts.delivery_id)
        values = self._message(payload) | {"company": facts.company, "unsubscribe_url": url}
        submitted = "auto-replied" if payload.get("is_answer") else "auto-generated"
        return self._render(
            name,
            values,
            auto_submitted=submitted,
            unsubscribe_url=url,
            answers_to=facts.company.answers_to if facts.company else "",
        )

    def _plan_notice(self, name: str, payload: Payload, facts: Facts) -> Letter:
        values = self._message(payload) | {
            "contact": str(payload.get("contact", "")),
            "plan": str(payload.get("plan", "")),
            "url": self._lead_url(facts.lead),
        }
        return self._render(name, values)

    def _alarm(self, name: str, payload: Payload, _facts: Facts) -> Letter:
        return self._render(name, alarm_letters.values(payload, self._public_url))

    def _account_mail(self, name: str, payload: Payload, _facts: Facts) -> Letter:
        path = str(payload.get("path", ""))
        if not _OWN_PATH.fullmatch(path):
            raise ValueError("the link of this mail is not one of ours")
        values = {"name": str(payload.get("name", "")), "url": self._public_url + path}
        return self._render(name, values)

    def _message(self, payload: Payload) -> dict[str, Any]:
        text = str(payload.get("text", ""))
        paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", text) if part.strip()]
        return {
            "subject": str(payload.get("subject", "")),
            "text": text,
            "paragraphs": paragraphs,
        }

    def _lead_url(self, lead: Lead | None) -> str:
        return f"{self._public_url}/leads/{lead.submission_id}" if lead else ""
