"""Mail to our own people: the new-lead notification, and a notification as a step of a plan.

Must never be lost: after an unknown outcome it goes again with the same Message-ID.
"""

from typing import Any

from wtforms import SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length

from hostedpages.delivery import merge
from hostedpages.delivery.kinds.base import (
    Claim,
    Example,
    Facts,
    KnownTokens,
    MailKind,
    Payload,
    Prepared,
    StepContext,
    StepSettings,
    Tools,
)

NEW_LEAD = "new_lead"
PLAN_NOTICE = "plan_notice"


class NotifyUserSettings(StepSettings):
    people = SelectMultipleField(
        "To", description="Nobody chosen: everybody on the New Lead list.", choices=[]
    )
    subject = StringField(
        "Subject", [InputRequired("Give a subject."), Length(max=200), KnownTokens()]
    )
    message = TextAreaField("Message", [Length(max=20_000), KnownTokens()])

    def offer(self, *, people: list[tuple[str, str]]) -> None:
        self.people.choices = [SelectChoice(value, label) for value, label in people]


class NotifyUser(MailKind):
    key = "notify_user"
    label = "Notification to your team"
    icon = "bell"
    is_step = True
    settings = NotifyUserSettings
    may_repeat = True
    examples = (
        Example(
            payload={"template": PLAN_NOTICE, "user_id": None, "subject": "Call Ann", "text": ""},
            summary="Notification “Call Ann”",
            settings={"people": [], "subject": "Call {{contact.first_name}}", "message": ""},
        ),
        Example(
            payload={"template": NEW_LEAD, "user_id": 1, "returning": False},
            summary="New-lead notification",
        ),
    )

    def prepare(self, settings: dict[str, Any], context: StepContext) -> list[Prepared]:
        frozen: Payload = {
            "template": PLAN_NOTICE,
            "plan": context.plan_name,
            "contact": context.contact_name,
            "subject": merge.merge(
                str(settings.get("subject", "")), context.values, channel="header"
            ),
            "text": merge.merge(str(settings.get("message", "")), context.values),
        }
        people = context.people([str(each) for each in settings.get("people") or []])
        if not people:
            payload = {**frozen, "user_id": None}
            reason = "Nobody is on the list."
            return [Prepared(payload, "", self.summary(payload), skip_reason=reason)]
        return [
            Prepared({**frozen, "user_id": person.user_id}, person.email, self.summary(frozen))
            for person in people
        ]

    def letter_name(self, payload: Payload) -> str:
        return NEW_LEAD if payload.get("template") == NEW_LEAD else PLAN_NOTICE

    def has_plain_form(self, payload: Payload) -> bool:
        return True

    def needs_lead(self, payload: Payload) -> bool:
        return True

    def allowed(self, claim: Claim, facts: Facts, tools: Tools) -> str | None:
        if facts.user_archived:
            return "This user is archived."
        return super().allowed(claim, facts, tools)

    def is_urgent(self, payload: Payload) -> bool:
        return True

    def summary(self, payload: Payload) -> str:
        if payload.get("template") == NEW_LEAD:
            return (
                "Returning-lead notification"
                if payload.get("returning")
                else "New-lead notification"
            )
        return f"Notification “{payload.get('subject', '')}”"
