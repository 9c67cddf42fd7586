"""How answers become values: pages of a list, what was asked side by side with what came, and what to ask in how many
calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from backorder.provider.hexonet import account, applications
from backorder.provider.hexonet.codes import COMMANDS
from backorder.provider.hexonet.listing import Page
from backorder.provider.hexonet.wire import NotAnAnswer, Response, Row
from backorder.provider.port import AccountingEntry, AnswerUnread, Application, Deposit, Renewal, Unread

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


def read_applications(page: Response) -> Page[Application]:
    """Applications, by their ids."""
    return _read(page, applications.PROPERTIES, applications.read_application, lambda row: row["APPLICATION"])


def read_deposits(page: Response) -> Page[Deposit]:
    """Deposits, by their ids."""
    return _read(page, account.DEPOSIT_PROPERTIES, account.read_deposit, lambda row: row["DEPOSITID"])


def read_accounting(page: Response) -> Page[AccountingEntry]:
    """Bookings, by their ids, where they have one."""
    return _read(
        page, account.ACCOUNTING_PROPERTIES, account.read_accounting_entry, lambda row: row["ACCOUNTINGID"] or None
    )


def read_renewals(page: Response) -> Page[Renewal]:
    """Renewals, by what is renewed."""
    return _read(
        page, account.RENEWAL_PROPERTIES, account.read_renewal, lambda row: f"{row['OBJECTCLASS']} {row['OBJECTID']}"
    )


def _read(
    page: Response, properties: Sequence[str], read: Callable[[Row], T], key: Callable[[Row], str | None]
) -> Page[T]:
    """A row that makes no sense is set aside: it says nothing of the others."""
    items: list[tuple[str | None, T]] = []
    unread: list[Unread] = []
    for row in page.rows(*properties):
        try:
            item = read(row)
        except NotAnAnswer as error:
            unread.append(unread_row(row, str(error)))
        else:
            items.append((key(row), item))
    return Page(items, unread)


def unread_row(row: Row, why: str) -> Unread:
    """What is kept of a row that makes no sense."""
    return Unread(row_text(row), why, frozenset(value.lower() for value in row.values.values() if value))


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
