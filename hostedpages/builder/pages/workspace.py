"""The frame around one page: its title, its state in a word, its tabs.

For the templates that extend `builder/pages/_workspace.html`. Must never write.
"""

from dataclasses import dataclass

from flask import Blueprint, url_for

from hostedpages.accounts import guard
from hostedpages.builder.pages import queries
from hostedpages.models import Page

_TABS = (
    ("design", "Design", "editor_design"),
    ("options", "Options", "options_show"),
    ("share", "Share", "share_show"),
    ("results", "Results", "results_show"),
)


@dataclass(frozen=True)
class Tab:
    key: str
    label: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class Workspace:
    """What the frame shows. `state` is the pill's text, `pill` its kind."""

    page: Page
    state: str
    pill: str
    live_number: int | None
    has_changes: bool
    may_edit: bool
    tabs: list[Tab]


def install(blueprint: Blueprint) -> None:
    """Give every template `workspace(page, tab)`."""
    blueprint.app_context_processor(lambda: {"workspace": workspace})


def workspace(page: Page, tab: str = "") -> Workspace:
    """The frame of `page`; `tab` is design, options, share, results or none of them."""
    live = queries.live_version(page)
    has_changes = live is not None and live.document != page.draft
    user = guard.current_user()
    may_edit = user is not None and user.role != "salesperson"
    words = queries.STATUS_WORDS[page.status]
    pill = queries.STATUS_PILLS[page.status]
    if live is not None and page.status == "published":
        words = f"Live v{live.number}"
        if has_changes:
            words, pill = f"{words} · changes not published", "warn"
    return Workspace(
        page=page,
        state=words,
        pill=pill,
        live_number=live.number if live else None,
        has_changes=has_changes,
        may_edit=may_edit,
        tabs=[
            Tab(key, label, url_for(f"builder.{endpoint}", pid=page.public_id), key == tab)
            for key, label, endpoint in _TABS
            if may_edit or key == "results"
        ],
    )
