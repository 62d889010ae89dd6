"""An email to the contact, as a step of an action plan.

Must never be sent to somebody who opted out or whose address was quarantined meanwhile.
"""

from datetime import timedelta
from typing import Any

from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length

from hostedpages.delivery import merge, streams
from hostedpages.delivery.kinds.base import (
    OWN_ADDRESS,
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

# Machines read these boxes: an answer would only start a loop of answers.
NOBODY_READS = frozenset(
    {"mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "donotreply", "bounce"}
)
COMPANY = SelectChoice("", "Your company")


class EmailSettings(StepSettings):
    send_as = SelectField(
        "In whose name",
        description=(
            "A person’s mail comes from their own address, once their sender is set up under "
            "Settings, Mail. Until then it leaves as your company’s does."
        ),
        choices=[COMPANY],
        default="",
    )
    subject = StringField(
        "Subject", [InputRequired("Give a subject."), Length(max=200), KnownTokens()]
    )
    body = TextAreaField(
        "Message", [InputRequired("Write a message."), Length(max=20_000), KnownTokens()]
    )

    def offer(self, *, people: list[tuple[str, str]]) -> None:
        chosen = [SelectChoice(value, label) for value, label in people]
        self.send_as.choices = [COMPANY, *chosen]

    @property
    def stored(self) -> dict[str, Any]:
        return {name: value for name, value in self.data.items() if value or name != "send_as"}


class Email(MailKind):
    key = "email"
    label = "Email to the contact"
    icon = "mail"
    is_step = True
    is_to_contact = True
    default_stream = streams.MARKETING
    settings = EmailSettings
    examples = (
        Example(
            payload={"subject": "Hello Ann", "text": "Thank you.", "is_answer": True},
            summary="Email “Hello Ann”",
            settings={"subject": "Hello {{contact.first_name}}", "body": "Thank you."},
        ),
    )

    def prepare(self, settings: dict[str, Any], context: StepContext) -> list[Prepared]:
        values = context.visitor_values
        payload: Payload = {
            "subject": merge.merge(str(settings.get("subject", "")), values, channel="header"),
            "text": merge.merge(str(settings.get("body", "")), values),
            # Sent at once it is an automatic answer: late it is worse than none (see below).
            "is_answer": context.is_immediate,
        }
        if send_as := str(settings.get("send_as") or ""):
            payload["send_as"] = send_as
        reason = "" if context.contact_email else "The contact has no email address."
        return [
            Prepared(
                payload,
                context.contact_email,
                self.summary(payload),
                skip_reason=reason,
                is_answer=context.is_immediate,
            )
        ]

    def letter_name(self, payload: Payload) -> str:
        return "plan_email"

    def stream(self, payload: Payload) -> str:
        send_as = str(payload.get("send_as") or "")
        return streams.USER + send_as if send_as else self.default_stream

    def allowed(self, claim: Claim, facts: Facts, tools: Tools) -> str | None:
        if not facts.contact_found or facts.contact_archived:
            return "The contact is archived."
        if facts.opted_out:
            return "The contact opted out of email."
        if facts.quarantined:
            return f"The contact's address is quarantined: {facts.quarantined}."
        if claim.recipient.casefold() in tools.own_addresses:
            return OWN_ADDRESS
        if claim.recipient.partition("@")[0].casefold() in NOBODY_READS:
            return "This address belongs to a machine, not to a person."
        return super().allowed(claim, facts, tools)

    def is_urgent(self, payload: Payload) -> bool:
        return bool(payload.get("is_answer"))

    def summary(self, payload: Payload) -> str:
        return f"Email “{payload.get('subject', '')}”"

    def sends_again(self, payload: Payload, unknowns: int) -> bool:
        # One repeat of an automatic answer is tolerable. A planned mail cannot be called back,
        # so a person decides.
        return bool(payload.get("is_answer")) and unknowns == 1

    def gives_up_after(self, payload: Payload) -> timedelta | None:
        return timedelta(hours=24) if payload.get("is_answer") else None
