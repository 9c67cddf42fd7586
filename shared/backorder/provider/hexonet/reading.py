"""How answers become values: pages of a list, what was asked side by side with what came, and what to ask in how many
calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from backorder.provider.hexonet import account, applications
from backorder.provider.hexonet.codes import COMMANDS
from backorder.provider.hexonet.listing import Page
from backorder.provider.hexonet.wire import NotAnAnswer, Response, Row
from backorder.provider.port import AnswerUnread, UnreadRow

T = TypeVar("T")

LABELS_IN_A_PATTERN: Final = 200
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@contextmanager
def understood(command: str, subject: str = "") -> Iterator[None]:
    """Within it, an answer whose values make no sense becomes an unknown outcome."""
    try:
        yield
    except NotAnAnswer as error:
        raise AnswerUnread(
            f"the answer {error}", asked=COMMANDS.get(command), command=command, subject=subject
        ) from error


@dataclass(frozen=True)
class ListOf(Generic[T]):
    """A list of the provider's: the properties of a row, what tells one row from others, and what each is about."""

    command: str
    properties: Sequence[str]
    read: Callable[[Row], T]
    key: tuple[str, ...]
    about: str

    def page(self, response: Response) -> Page[T]:
        """Return the rows of a page. One that makes no sense is set aside: it says nothing of the others."""
        items: list[tuple[str | None, T]] = []
        unread: list[UnreadRow] = []
        for row in response.rows(*self.properties):
            try:
                item = self.read(row)
            except NotAnAnswer as error:
                unread.append(self._unread(row, str(error)))
            else:
                items.append((self._key(row), item))
        return Page(items, unread)

    def _key(self, row: Row) -> str | None:
        return " ".join(filter(None, (row[name] for name in self.key))) or None

    def _unread(self, row: Row, why: str) -> UnreadRow:
        return UnreadRow(
            COMMANDS[self.command],
            self.command,
            row_text(row),
            why,
            id=self._key(row),
            about=row[self.about] or None,
            cells=frozenset(value.lower() for value in row.values.values() if value),
        )


APPLICATIONS: Final = ListOf(
    "QueryDomainApplicationList", applications.PROPERTIES, applications.read_application, ("APPLICATION",), "DOMAIN"
)
DEPOSITS: Final = ListOf(
    "QueryDepositList", account.DEPOSIT_PROPERTIES, account.read_deposit, ("DEPOSITID",), "DESCRIPTION"
)
ENTRIES: Final = ListOf(
    "QueryAccountingList",
    account.ACCOUNTING_PROPERTIES,
    account.read_accounting_entry,
    ("ACCOUNTINGID",),
    "ACCOUNTINGDESCRIPTION",
)
RENEWALS: Final = ListOf(
    "QueryObjectRenewalList",
    account.RENEWAL_PROPERTIES,
    account.read_renewal,
    ("OBJECTCLASS", "OBJECTID"),
    "OBJECTID",
)


def row_text(row: Row) -> str:
    """The cells of a row that have something in them, `NAME=value`."""
    return "; ".join(f"{name}={value}" for name, value in row.values.items() if value)


def answers(response: Response, asked: Sequence[str], properties: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """What was asked, each with the entry of its index. One that is missing gives a row of empty texts."""
    rows = {row.index: row for row in response.rows(*properties)}
    empty = dict.fromkeys(properties, "")
    for index, name in enumerate(asked):
        yield name, rows.get(index, Row(index, empty))


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """So many at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def patterns(labels: Iterable[str]) -> Iterator[str]:
    """Anchored patterns for an exact set of labels, many to a pattern. Raises ValueError for a label that is none."""
    unique = sorted({label.lower() for label in labels})
    for label in unique:
        if _LABEL.fullmatch(label) is None:
            raise ValueError(f"pending deletes: {label!r} is no label (letters, digits and hyphens, ASCII form)")
    return (f"^({'|'.join(chunk)})$" for chunk in chunks(unique, LABELS_IN_A_PATTERN))
