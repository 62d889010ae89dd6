"""The addresses of a page and the snippets that put it on another site.

Must never be stored: each is made from the public URL of today.
"""

from dataclasses import dataclass

from markupsafe import escape

from hostedpages.builder.services import settings
from hostedpages.models import Account, Page


@dataclass(frozen=True)
class Addresses:
    """All addresses of the pages of one account."""

    public_url: str
    account_slug: str

    def path(self, page: Page) -> str:
        """The path of the hosted page."""
        return f"/p/{self.account_slug}/{page.slug}"

    def page(self, page: Page) -> str:
        """The hosted page."""
        return f"{self.public_url}{self.path(page)}"

    def embedded(self, page: Page) -> str:
        """The form for frames; it stays when the page's address changes."""
        return f"{self.public_url}/f/{page.public_id}"

    def iframe(self, page: Page) -> str:
        """A frame of fixed height: works where scripts are not allowed."""
        return (
            f'<iframe src="{self.embedded(page)}" title="{escape(self._title(page))}" '
            'width="100%" height="900" loading="lazy" style="border:0"></iframe>'
        )

    def script(self, page: Page) -> str:
        """A frame whose height follows the form; the script puts it where it stands."""
        return (
            f'<script src="{self.public_url}/embed.js" data-form="{page.public_id}" '
            f'data-title="{escape(self._title(page))}" async></script>'
        )

    def _title(self, page: Page) -> str:
        return str(page.draft.get("title") or page.name)


def of(account: Account) -> Addresses:
    """The addresses of an account's pages, under the public URL of this installation."""
    return Addresses(settings().public_url, account.slug)
