"""Part of a long list: which rows, out of how many.

Must never ask for a page that does not exist: a number beyond the end becomes the last page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func, select

from hostedpages import db

Row = TypeVar("Row")
SIZES = (10, 25, 50)


@dataclass(frozen=True)
class PageOfRows(Generic[Row]):
    """One page of a list, for the macro `pager`."""

    rows: Sequence[Row]
    number: int
    size: int
    total: int

    @property
    def last_number(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first_row(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last_row(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def numbers(self) -> list[int | None]:
        """Page numbers to offer: ends and neighbors, None for a gap."""
        wanted = {1, self.last_number, *range(self.number - 1, self.number + 2)}
        shown: list[int | None] = []
        for number in sorted(n for n in wanted if 1 <= n <= self.last_number):
            last = shown[-1] if shown else None
            if last is not None and number > last + 1:
                shown.append(None)
            shown.append(number)
        return shown

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def page_number(text: str | None) -> int:
    """A page number out of an address; 1 when it is nonsense."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 1


def page_size(text: str | None, default: int = SIZES[0]) -> int:
    """One of the offered sizes; the default when it is something else."""
    return int(text) if text in {str(size) for size in SIZES} else default


def page_of(statement: Select, number: int, size: int = SIZES[0]) -> PageOfRows:
    """Run an ordered select for one page; rows come as the select's rows."""
    session = db.session()
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
    total = total or 0
    number = min(max(1, number), max(1, -(-total // size)))
    rows = session.execute(statement.limit(size).offset((number - 1) * size)).all()
    return PageOfRows(rows=rows, number=number, size=size, total=total)
