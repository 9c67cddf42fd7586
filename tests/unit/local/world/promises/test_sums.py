"""`sums_equal_postings`: what is kept of the ledger is compared with its postings, whatever made it differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backorder.domain.ledger import Posting
from local.memory_store import MemoryStore
from local.world.promises.sums import documents_of_the_books, wrong_sums
from reconciliation.books import Books
from tests.factories import NOW, a_posting, usd

POSTINGS = [a_posting(f"entry#{number}", usd(number), at=NOW + timedelta(hours=number)) for number in (1, 2, 3)]


def kept(postings: list[Posting]) -> dict[str, Any]:
    """The documents of books that were closed the day after."""
    store = MemoryStore()
    books = Books(store)
    books.post(postings)
    books.sums(NOW.date(), NOW.date() + timedelta(days=1))
    books.close(NOW)
    return documents_of_the_books(store, postings)


def test_sums_of_the_postings_are_right() -> None:
    assert sorted(kept(POSTINGS)) == ["books", f"ledger-{NOW:%Y-%m}"]
    assert list(wrong_sums(kept(POSTINGS), POSTINGS)) == []


@pytest.mark.parametrize(
    "postings",
    [
        POSTINGS[1:],
        [*POSTINGS, a_posting("entry#4", at=NOW)],
        [replace(POSTINGS[0], amount=usd("1.01")), *POSTINGS[1:]],
        [replace(POSTINGS[0], kind="other"), *POSTINGS[1:]],
        [replace(POSTINGS[0], at=NOW), *POSTINGS[1:]],
    ],
)
def test_sums_of_other_postings_are_wrong(postings: list[Posting]) -> None:
    assert any(line.startswith(str(NOW.date())) for line in wrong_sums(kept(POSTINGS), postings))


def test_what_the_whole_ledger_comes_to_counts_only_when_the_books_were_closed() -> None:
    documents = kept(POSTINGS)
    documents["books"]["tally"]["balances"]["balance"] = "7.00"
    assert list(wrong_sums(documents, POSTINGS)) == ["balance: the books have 7.00, the postings come to 6"]
    documents["books"]["clean"] = False
    assert list(wrong_sums(documents, POSTINGS)) == []
