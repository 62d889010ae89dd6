"""Submissions as files: CSV that no spreadsheet runs as a formula, and JSON lines.

Streams: memory does not grow with the number of rows. Must never leave out an answer, a campaign
word or a column because the newest submission has none: columns come from the form's versions.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select

from hostedpages import db
from hostedpages.builder.inbox import answers, filters
from hostedpages.builder.inbox.answers import Schemas
from hostedpages.builder.inbox.filters import Filters
from hostedpages.models import Contact, LeadSource, Page, PageVersion, Submission
from hostedpages.schema.elements import Field

CHUNK = 500
BOM = "\ufeff"  # so that Excel reads UTF-8
CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
CLICKS = ("gclid", "fbclid", "msclkid")
_BEFORE = ("submission", "submitted_at", "version", "result", "quarantine", "lead_source", "plan")
_AFTER = (*CAMPAIGN, *CLICKS, "landing", "referrer")
# First after spaces, quotes and separators, where some spreadsheet would begin to calculate. A
# leading apostrophe is doubled, so that taking one away always gives the original.
_FORMULA = re.compile(r"[\s\"'`;,|]*[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]|'")


def safe_cell(text: str) -> str:
    """`text`, behind an apostrophe if a spreadsheet could take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def write_csv(
    page: Page, wanted: Filters | None = None, zone: ZoneInfo | None = None, *, bom: bool = False
) -> Iterator[str]:
    """The submissions of a page as CSV (RFC 4180), the oldest first; a heading is a field's key.

    Without filters all of them, quarantined ones too; those have their reasons in a column.
    """
    fields = _fields_of(page)
    yield BOM if bom else ""
    yield _line([*_BEFORE, *(_heading(key) for key in fields), *_AFTER])
    for row in _rows(page, wanted, zone):
        yield _line(_cells(row, fields))


def write_jsonl(page: Page) -> Iterator[str]:
    """Every submission of a page, one JSON object a line, answers as they are stored."""
    for row in export_rows(page):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def export_rows(page: Page) -> Iterator[dict[str, Any]]:
    """Every submission of a page as plain data, the oldest first."""
    for row in _rows(page, None, None):
        yield {
            "public_id": row.public_id,
            "created_at": row.created_at.isoformat(),
            "version": row.number,
            "result": row.result,
            "quarantine": row.spam_reasons if row.released_at is None else [],
            "contact": row.contact,
            "lead_source": row.source,
            "plan": row.plan_note,
            "answers": row.answers,
            "context": row.context,
        }


def _heading(key: str) -> str:
    # A field's key is a-z, digits and _; one of ours that it shares gets a mark.
    return f"answer_{key}" if key in _BEFORE or key in _AFTER else key


def _cells(row: Row[Any], fields: dict[str, Field]) -> list[str]:
    context = row.context or {}
    campaign, clicks = context.get("utm") or {}, context.get("click") or {}
    quarantined = row.spam_reasons and row.released_at is None
    return [
        row.public_id,
        row.created_at.isoformat(timespec="seconds"),
        str(row.number),
        row.result,
        " ".join(row.spam_reasons) if quarantined else "",
        row.source or "",
        row.plan_note,
        *(answers.answer_text(field, row.answers.get(key)) for key, field in fields.items()),
        *(str(campaign.get(name, "")) for name in CAMPAIGN),
        *(str(clicks.get(name, "")) for name in CLICKS),
        str(context.get("landing", "")),
        str(context.get("referrer", "")),
    ]


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def _fields_of(page: Page) -> dict[str, Field]:
    """The fields of every version that was answered, and of the live one; the newest first."""
    answered = select(Submission.page_version_id).where(Submission.page_id == page.id)
    versions = db.session().scalars(
        select(PageVersion)
        .where(
            PageVersion.page_id == page.id,
            PageVersion.id.in_(answered) | (PageVersion.id == page.live_version_id),
        )
        .order_by(PageVersion.number.desc())
    )
    schemas = Schemas()
    return answers.merged_fields(schemas.of(version) for version in versions)


def _rows(page: Page, wanted: Filters | None, zone: ZoneInfo | None) -> Iterator[Row[Any]]:
    """Plain rows, a few hundred at a time, continued by id."""
    statement = _statement(page)
    if wanted is not None:
        statement = filters.narrow(statement, wanted, zone or ZoneInfo("UTC"))
    last = 0
    while True:
        chunk = (
            db.session()
            .execute(statement.where(Submission.id > last).order_by(Submission.id).limit(CHUNK))
            .all()
        )
        yield from chunk
        if len(chunk) < CHUNK:
            return
        last = chunk[-1].id


def _statement(page: Page) -> Select:
    return (
        select(
            Submission.id,
            Submission.public_id,
            Submission.created_at,
            PageVersion.number,
            Submission.result,
            Submission.spam_reasons,
            Submission.released_at,
            Submission.plan_note,
            Submission.answers,
            Submission.context,
            LeadSource.name.label("source"),
            Contact.public_id.label("contact"),
        )
        .join(PageVersion, PageVersion.id == Submission.page_version_id)
        .outerjoin(LeadSource, LeadSource.id == Submission.lead_source_id)
        .outerjoin(Contact, Contact.id == Submission.contact_id)
        .where(Submission.page_id == page.id)
    )
