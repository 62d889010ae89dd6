"""The designer's three addresses: the screen, saving the draft, the preview. HTTP only."""

from typing import Any

from flask import jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from hostedpages import clock, web
from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.editor import sample_visitor, service
from hostedpages.builder.pages import queries
from hostedpages.builder.pages.workspace import workspace
from hostedpages.builder.shell import EDITORS
from hostedpages.errors import Refused
from hostedpages.models import Page
from hostedpages.render.page import draw_preview
from hostedpages.render.policy import preview_policy
from hostedpages.schema.catalogue import catalogue
from hostedpages.schema.form_schema import DocumentError, FormSchema, Problem, changes
from hostedpages.web.headers import STAFF_POLICY
from hostedpages.web.static import static_url

SCHEMES = ("light", "dark")
# lit-html draws, DOMPurify cleans what is pasted into notes; nothing else may make HTML.
DESIGNER_POLICY = {**STAFF_POLICY, "trusted-types": "lit-html dompurify"}


@blueprint.get("/pages/<pid>/design")
@guard.role_required(*EDITORS)
def editor_design(pid: str) -> str:
    page = guard.owned(Page, pid)
    web.set_policy(DESIGNER_POLICY)
    judged = service.judge_draft(page)
    live = queries.live_version(page)
    start = {
        "document": page.draft,
        "lock_version": page.lock_version,
        "problems": _problems(judged.problems),
        "catalogue": catalogue(),
        "published_keys": _keys(live.document) if live else [],
        "urls": {
            "save": url_for("builder.editor_save", pid=pid),
            "preview": url_for("builder.editor_preview", pid=pid),
            "options": url_for("builder.options_show", pid=pid),
            "sprite": static_url("icons.svg"),
        },
    }
    return render_template("builder/editor/design.html", page=page, start=start)


@blueprint.post("/pages/<pid>/draft")
@guard.role_required(*EDITORS)
def editor_save(pid: str) -> Response | tuple[Response, int]:
    """Take {document, lock_version}: 200, 409 stale, 422 with problems by path.

    With `base`, the document that this window last saved, a stale answer says what each side did.
    """
    page = guard.owned(Page, pid)
    body = _body()
    try:
        saved = service.save_draft(page, body["document"], body["lock_version"], clock.now())
    except DocumentError as error:
        first = error.problems[0].message if error.problems else "The form cannot be read."
        return jsonify(message=first, problems=_problems(error.problems)), 422
    except service.StaleDraft as stale:
        return jsonify(_stale(stale, body)), 409
    frame = workspace(page, "design")
    return jsonify(
        lock_version=saved.lock_version,
        problems=_problems(saved.problems),
        changes=saved.changes,
        state=frame.state,
        pill=frame.pill,
    )


@blueprint.get("/pages/<pid>/preview")
@guard.role_required(*EDITORS)
def editor_preview(pid: str) -> str:
    """The draft as a visitor would see it: `scheme` light or dark, `known` hide, mask or show."""
    schema = FormSchema.load(guard.owned(Page, pid).draft)
    scheme = request.args.get("scheme", "")
    drawn = draw_preview(
        schema,
        script_url=static_url("builder/editor/preview.js"),
        color_scheme=scheme if scheme in SCHEMES else None,
        treatment=sample_visitor.treatment_as(schema, request.args.get("known", "")),
    )
    web.set_policy(preview_policy(drawn.style_digest))
    return drawn.html


def _body() -> dict[str, Any]:
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        raise Refused("The document is nested too deeply.", field="document") from None
    if not isinstance(body, dict) or not isinstance(body.get("document"), dict):
        raise Refused("Please send a document.", field="document")
    if type(body.get("lock_version")) is not int:
        raise Refused("Please send the lock version that was opened.", field="lock_version")
    return body


def _stale(stale: service.StaleDraft, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "message": stale.message,
        "lock_version": stale.lock_version,
        "document": stale.document,
    }
    try:
        base = FormSchema.load(body["base"]) if isinstance(body.get("base"), dict) else None
    except DocumentError:
        base = None
    if base is not None:
        answer["theirs"] = changes(base, FormSchema.load(stale.document))
        answer["mine"] = changes(base, FormSchema.load(body["document"]))
    return answer


def _problems(problems: list[Problem]) -> list[dict[str, Any]]:
    return [
        {"path": each.path, "message": each.message, "element_index": each.element_index}
        for each in problems
    ]


def _keys(document: dict[str, Any]) -> list[str]:
    return [each["key"] for each in document.get("elements", []) if each.get("kind") == "field"]
