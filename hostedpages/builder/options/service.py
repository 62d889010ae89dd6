"""Saving a page's options into its draft, together with a lead source made on the way.

Must never touch an element of the form: the designer may be open in another window.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from hostedpages import clock, db
from hostedpages.builder.editor import service as editor
from hostedpages.builder.options import reading
from hostedpages.builder.pages import naming
from hostedpages.errors import Conflict
from hostedpages.models import Account, Page
from hostedpages.schema.form_schema import DocumentError, FormSchema

TRIES = 3


@dataclass(frozen=True)
class OptionsSaved:
    """The new stamp of the options, and what the designer's save would say."""

    stamp: str
    saved: editor.Saved


def save_options(
    page: Page, form: MultiDict[str, str], *, zone: ZoneInfo, seen: str
) -> OptionsSaved:
    """Put the form's options into the draft of today.

    `seen` is the stamp of the options that the form was filled from: other options are a conflict,
    changed elements are not. Raises Conflict, DocumentError with a problem for each wrong option.
    """
    for _ in range(TRIES):
        draft = page.draft
        if reading.stamp(draft) != seen:
            raise Conflict(
                "The options were changed in another window. "
                "Reload to see them; nothing was overwritten."
            )
        document, problems = reading.document_with(draft, form, zone)
        _check(document, problems)
        try:
            saved = editor.save_draft(page, document, page.lock_version, clock.now())
        except editor.StaleDraft:
            db.session().refresh(page)  # an element was saved meanwhile: try on top of it
            continue
        return OptionsSaved(reading.stamp(page.draft), saved)
    raise Conflict("The page is being changed in another window. Please try again.")


def make_source(account: Account, name: str) -> str:
    """Make a lead source, or find the one of that name. Returns its name. Raises Refused."""
    with db.transaction() as session:
        source = naming.source_made_if_missing(
            session, account, naming.checked_name(name, what="lead source")
        )
        if not source.active:
            source.active = True
        return source.name


def _check(document: Mapping[str, Any], problems: list[Any]) -> None:
    try:
        FormSchema.load(document)
    except DocumentError as error:
        raise DocumentError([*problems, *error.problems]) from error
    if problems:
        raise DocumentError(problems)
