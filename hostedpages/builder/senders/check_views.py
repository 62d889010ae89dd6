"""The three tests of a sender over HTTP: each step as it happens, or a page with all of them.

Must never hold a transaction while it waits for a mail server, and never answer with a password.
"""

import json
from collections.abc import Iterator

from flask import Response, current_app, request

from hostedpages import db
from hostedpages.accounts import checks, guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.senders import gate, page, running, service, trial, wanted
from hostedpages.builder.senders.forms import SenderForm, TestSendForm
from hostedpages.builder.senders.wanted import WrongFields
from hostedpages.builder.services import settings
from hostedpages.errors import NotFound, Refused, TooManyTries
from hostedpages.mail.check import Check
from hostedpages.models import Sender

Answer = str | Response | tuple[str | Response, int]

NDJSON = "application/x-ndjson"
PROVEN = {
    "server": "The server answers. Whether the password is right, “Test login” finds out.",
    "login": "Signing in works.",
    "send": "The server took the mail. Look whether it arrived, in the spam folder too.",
}
NOT_SAVED = " These settings are not saved yet."
NOT_WELL = "This did not work yet. The step says what to do."
NOT_BEGUN = "The test did not begin. Something has to be mended first:"
BROKEN = "The test broke off. Please try again."


@blueprint.post("/settings/mail/check")
@guard.signed_in
def senders_check_new() -> Answer:
    """Test the settings of a sender that is not stored yet."""
    slot = gate.slot_named(request.args.get("slot", "account"))
    return _checked(None, slot)


@blueprint.post("/settings/mail/<public_id>/check")
@guard.signed_in
def senders_check(public_id: str) -> Answer:
    """Test a stored sender, with what was changed in its form."""
    return _checked(gate.reachable(public_id), None)


def _checked(stored: Sender | None, slot: gate.Slot | None) -> Answer:
    kind = request.form.get("check", "")
    if kind not in trial.KINDS:
        raise NotFound()
    form, to_form = SenderForm(request.form), TestSendForm(request.form)
    asked, problems = wanted.read(form, any_port=settings().allows_private_hosts, stored=stored)
    to, no_address = _recipient(to_form) if kind == "send" else ("", {})
    problems |= no_address
    try:
        account = guard.current_account()
        wish = trial.of(
            kind,
            asked,
            problems,
            account_id=account.id,
            stored=stored,
            to=to,
            settings=settings(),
        )
        service.count_check(account, sends_mail=kind == "send")
        run = running.Run(wish.steps(), guard.current_account().id)
    except WrongFields as error:
        return _refused(error.problems, kind, form, to_form, stored, slot)
    except TooManyTries as error:
        return _refused({}, kind, form, to_form, stored, slot, words=error.message, status=429)
    db.session().rollback()  # nothing is read from here on: the connection goes back
    if _wants_stream():
        lines = _lines(wish, run)
        return Response(lines, mimetype=NDJSON, headers={"X-Accel-Buffering": "no"})
    ended = [step for step in run if step.state != "running"]
    wish.keep(ended)
    if kind != "server":
        form.tested.data = wish.proven(ended)
    return _drawn(form, to_form, stored, slot, ran=kind, steps=ended, words=_end(wish, ended))


def _recipient(to_form: TestSendForm) -> tuple[str, dict[str, str]]:
    try:
        return checks.email(to_form.to.data or "", field="to"), {}
    except Refused as error:
        return "", {"to": error.message}


def _lines(wish: trial.Trial, run: running.Run) -> Iterator[str]:
    """One JSON object a step, and one for the end. Runs when the request is over already."""
    ended: list[Check] = []
    words, tested = BROKEN, ""
    try:
        for step in run:
            yield _line(
                name=step.name,
                title=step.title,
                state=step.state,
                detail=step.detail,
                hint=step.hint,
                milliseconds=step.milliseconds,
            )
            if step.state != "running":
                ended.append(step)
        with db.unit():
            wish.keep(ended)
        words, tested = _end(wish, ended), wish.proven(ended)
    except TimeoutError:
        pass  # said as the end: the server dripped for longer than anybody waits
    yield _line(end=words, tested=tested)


def _line(**values: object) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


def _end(wish: trial.Trial, ended: list[Check]) -> str:
    if any(step.state == "problem" for step in ended):
        return NOT_WELL
    return PROVEN[wish.kind] + ("" if wish.sender_id is not None else NOT_SAVED)


def _wants_stream() -> bool:
    return NDJSON in request.headers.get("Accept", "")


def _refused(
    problems: dict[str, str],
    kind: str,
    form: SenderForm,
    to_form: TestSendForm,
    stored: Sender | None,
    slot: gate.Slot | None,
    *,
    words: str = "",
    status: int = 422,
) -> Answer:
    words = words or NOT_BEGUN
    if _wants_stream():
        answer = current_app.json.response(problems=problems, error={"message": words})
        answer.status_code = status
        return answer
    form.show_all(problems)
    if "to" in problems:
        to_form.to.errors = [problems["to"]]
    return _drawn(form, to_form, stored, slot, ran=kind, steps=[], words=words), status


def _drawn(
    form: SenderForm,
    to_form: TestSendForm,
    stored: Sender | None,
    slot: gate.Slot | None,
    *,
    ran: str,
    steps: list[Check],
    words: str,
) -> str:
    to_mend = [field for field in (*form, *to_form) if field.errors]
    shown = {
        "to_form": to_form,
        "ran": ran,
        "steps": steps,
        "end_words": words,
        "to_mend": to_mend,
    }
    if stored is not None:
        return page.of_stored(form, stored, **shown)
    assert slot is not None
    return page.of_new(form, slot, **shown)
