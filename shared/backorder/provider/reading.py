"""How answers become values: pages of a list, what was asked side by side with what came, and what to ask in how many
calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from backorder.provider import account, applications, names
from backorder.provider.account import AccountingEntry, Deposit, Renewal
from backorder.provider.applications import Application
from backorder.provider.errors import OutcomeUnknown
from backorder.provider.names import LogEntry
from backorder.provider.wire import NotAnAnswer, Response, Row

LABELS_IN_A_PATTERN: Final = 200
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@contextmanager
def understood(command: str, subject: str = "") -> Iterator[None]:
    """Within it, an answer whose values make no sense becomes an unknown outcome."""
    try:
        yield
    except NotAnAnswer as error:
        raise OutcomeUnknown(f"the answer {error}", command=command, subject=subject) from error


def read_applications(page: Response) -> list[tuple[str, Application]]:
    """A page of applications, each with what tells it apart."""
    found = [applications.read_application(row) for row in page.rows(*applications.PROPERTIES)]
    return [(application.id, application) for application in found]


def read_deposits(page: Response) -> list[tuple[str | None, Deposit]]:
    """A page of deposits, each with what tells it apart."""
    return [(deposit.id, deposit) for deposit in map(account.read_deposit, page.rows(*account.DEPOSIT_PROPERTIES))]


def read_accounting(page: Response) -> list[tuple[str | None, AccountingEntry]]:
    """A page of bookings, each with what tells it apart: nothing, where it has no id."""
    found = map(account.read_accounting_entry, page.rows(*account.ACCOUNTING_PROPERTIES))
    return [(entry.id, entry) for entry in found]


def read_renewals(page: Response) -> list[tuple[str | None, Renewal]]:
    """A page of renewals, each with what tells it apart."""
    found = map(account.read_renewal, page.rows(*account.RENEWAL_PROPERTIES))
    return [(f"{renewal.object_class} {renewal.id}", renewal) for renewal in found]


def read_log(page: Response) -> list[tuple[str | None, LogEntry]]:
    """A page of a log, each entry with what tells it apart."""
    return [(entry.id, entry) for entry in map(names.read_log_entry, page.rows(*names.LOG_PROPERTIES))]


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
