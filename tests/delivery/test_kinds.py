"""The contract that every delivery kind keeps, run over all that are found."""

from dataclasses import dataclass, field

import pytest
from werkzeug.datastructures import MultiDict

from hostedpages.delivery.kinds import KINDS, kind_of, step_kinds
from hostedpages.delivery.kinds.base import (
    DeliveryKind,
    Facts,
    Payload,
    Recipient,
    StepContext,
    Tools,
)
from hostedpages.delivery.kinds.email import Email

VALUES = {"contact": {"first_name": "Ann"}}
CONTEXT = StepContext(
    contact_email="ann@example.org",
    contact_name="Ann",
    plan_name="Welcome",
    is_immediate=True,
    values=VALUES,
    visitor_values=VALUES,
    people=lambda ids: [Recipient(f"{each}@example.org", 1) for each in ids or ["list"]],
)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_has_a_name_for_people_and_examples_with_their_line_in_the_log(
    kind: DeliveryKind,
) -> None:
    assert kind.label
    assert kind.icon
    assert kind.examples
    for example in kind.examples:
        assert kind.summary(example.payload) == example.summary


def test_what_somebody_waits_for_goes_before_what_a_plan_sends() -> None:
    news = {key: KINDS[key].is_urgent(KINDS[key].examples[0].payload) for key in KINDS}
    assert [key for key, is_urgent in news.items() if not is_urgent] == []
    assert not kind_of("email").is_urgent({"is_answer": False})
    assert not kind_of("alarm_mail").is_urgent({"template": "digest"})


@pytest.mark.parametrize("kind", step_kinds(), ids=lambda kind: kind.key)
def test_a_step_kind_prepares_what_its_form_stores(kind: DeliveryKind) -> None:
    for example in (each for each in kind.examples if each.settings):
        form = kind.settings(MultiDict(example.settings))
        form.offer(people=[("p1", "Ann")])
        assert form.validate(), form.errors
        for prepared in kind.prepare(form.stored, CONTEXT):
            assert prepared.recipient
            assert prepared.summary == kind.summary(prepared.payload) == example.summary


@pytest.mark.parametrize("kind", step_kinds(), ids=lambda kind: kind.key)
def test_a_step_kind_refuses_an_empty_form_and_an_unknown_token(kind: DeliveryKind) -> None:
    assert not kind.settings(MultiDict()).validate()
    form = kind.settings(MultiDict({"subject": "Hello {{contact.shoe_size}}", "body": "x"}))
    form.offer(people=[])
    assert not form.validate()
    assert "{{contact.shoe_size}}" in str(form.errors["subject"])


def test_no_secret_stands_in_a_summary() -> None:
    for kind in KINDS.values():
        for example in kind.examples:
            assert "token" not in kind.summary(example.payload)


def test_a_kind_that_is_gone_degrades() -> None:
    kind = kind_of("pigeon")
    assert "pigeon" in kind.label
    assert kind.allowed(None, None, None)


@dataclass(frozen=True)
class PlanMail:
    recipient: str
    public_id: str = "mail"
    payload: Payload = field(default_factory=dict)


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("Office@roofs.example", "This is your own sender’s address, so it gets no plan mail."),
        ("noreply@roofs.example", "This address belongs to a machine, not to a person."),
        ("ann@roofs.example", None),
    ],
)
def test_an_address_that_gets_no_plan_mail_is_told_why(recipient: str, words: str | None) -> None:
    tools = Tools(frozenset({"office@roofs.example"}), *[None] * 4)
    reason = Email().allowed(PlanMail(recipient), Facts(contact_found=True), tools)
    assert reason is None if words is None else reason and reason.startswith(words)
