"""Result codes, and where a visitor is sent afterwards.

Must never take an address from the request: only the one stored with the page version counts, and
it is read strictly once more before it becomes a header.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from hostedpages.schema import urls
from hostedpages.schema.options import PageOptions

OK_CREATED = "ok_created"
OK_UPDATED = "ok_updated"
OK_DUPLICATE_ACCEPTED = "ok_duplicate_accepted"
OK_STORED = "ok_stored"
ERR_VALIDATION = "err_validation"
ERR_CLOSED = "err_closed"
ERR_RATE_LIMITED = "err_rate_limited"
ERR_SERVER = "err_server"

REFERENCE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored submission. `is_repeat` says that it had been stored before."""

    public_id: str
    result: str
    version_number: int
    created_at: datetime
    is_repeat: bool = False

    @property
    def reference(self) -> str:
        """What the visitor is told, and what staff can search for."""
        return reference_of(self.public_id)


def reference_of(public_id: str) -> str:
    """The reference number of a submission: the beginning of its public id."""
    return public_id[:REFERENCE_LENGTH]


def success_location(options: PageOptions, accepted: Accepted) -> str:
    """The success URL, or empty for the built-in page."""
    added = {"status": "success", "submission": accepted.public_id}
    return _checked(options.success_url, added if options.add_result_to_url else {})


def error_location(options: PageOptions, code: str) -> str:
    """The error URL, or empty for the built-in page. Never for errors of single answers."""
    added = {"status": "error", "code": code}
    return _checked(options.error_url, added if options.add_result_to_url else {})


def _checked(url: str, added: dict[str, str]) -> str:
    if not url:
        return ""
    try:
        # A version may be older than today's rules; a bad address must not cost a stored lead.
        url = urls.https_url(url)
    except ValueError:
        return ""
    if not added:
        return url
    parts = urlsplit(url)
    query = "&".join(each for each in (parts.query, urlencode(added)) if each)
    return urlunsplit(parts._replace(query=query))
