"""Items of the table that are not understood: what a run comes upon, and what the one before it did."""

from __future__ import annotations

from backorder.store import Store
from reconciliation.writers import side_by_side

_DOCUMENT = "not-understood"
_MOST = 1_000
"""Keys that are kept, of up to 200 bytes each, as a document is one item of the table. Where there are more (an older
version runs on what a newer one wrote), each run comes upon nearly all of them by itself."""


def recall_set_aside(store: Store) -> None:
    """Looks once more at what the last run came upon, and this one did not yet: much is read for the reports only, when
    it is too late to tell of it."""
    seen = {(item.pk, item.sk) for item in store.set_aside()}
    side_by_side(lambda key: store.look_again(*key), [key for key in _last(store) if key not in seen])


def keep_set_aside(store: Store) -> int:
    """Keeps what the run came upon for the next one; gives how many items that are."""
    now = [(item.pk, item.sk) for item in store.set_aside()]
    if now[:_MOST] != _last(store):
        store.put_document(_DOCUMENT, {"items": now[:_MOST]})
    return len(now)


def _last(store: Store) -> list[tuple[str, str]]:
    kept = store.document(_DOCUMENT) or {"items": ()}
    return [(pk, sk) for pk, sk in kept["items"]]
