"""`sums_equal_postings`: the sums that are kept of the ledger are those of its postings. Added up anew here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from backorder.domain.ledger import Posting
from backorder.store import Store

BOOKS = "books"
"""The document that has what the whole ledger comes to; true only while it says that it is `clean`."""


def documents_of_the_books(store: Store, postings: Sequence[Posting]) -> dict[str, Any]:
    """Where sums are kept, by name: the days of each month that has postings, and the document of the whole."""
    months = sorted({f"ledger-{posting.at:%Y-%m}" for posting in postings})
    kept = {month: {day: body["sums"] for day, body in store.group(month).items()} for month in months}
    books = store.document(BOOKS)
    return kept | ({} if books is None else {BOOKS: books})


def wrong_sums(documents: Mapping[str, Any], postings: Sequence[Posting]) -> Iterator[str]:
    """Days whose sums are not those of their postings, and accounts of which the whole ledger says otherwise."""
    amounts: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    counts: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for posting in postings:
        of = (f"{posting.at:%H}", posting.kind, posting.source, posting.target, posting.currency)
        amounts[f"{posting.at:%Y-%m-%d}"][of] += posting.amount  # type: ignore[assignment]
        counts[f"{posting.at:%Y-%m-%d}"][of] += 1
    for name, days in documents.items():
        if name == BOOKS:
            continue
        for day, sums in days.items():
            if _added_up(sums, "amount") != amounts[day] or _added_up(sums, "count") != counts[day]:
                yield f"{day}: its sums are not those of its {counts[day].total()} postings"
    if (books := documents.get(BOOKS)) is not None and books["clean"]:
        yield from _wrong_whole(books["tally"], postings)


def _added_up(sums: Sequence[Mapping[str, Any]], what: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for each in sums:
        hour = f"{datetime.fromisoformat(each['hour']):%H}"
        of = (hour, each["kind"], each["source"], each["target"], each["currency"])
        found[of] += Decimal(each[what])  # type: ignore[assignment]
    return found


def _wrong_whole(tally: Mapping[str, Any], postings: Sequence[Posting]) -> Iterator[str]:
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for posting in postings:
        held[posting.source] -= posting.amount
        held[posting.target] += posting.amount
    if tally["postings"] != len(postings):
        yield f"the books count {tally['postings']} postings, and there are {len(postings)}"
    for account in sorted(held.keys() | tally["balances"].keys()):
        if held[account] != Decimal(tally["balances"].get(account, 0)):
            yield f"{account}: the books have {tally['balances'].get(account, 0)}, the postings come to {held[account]}"
