"""The one loop that changes a backorder as it stands, whatever others write meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from backorder.domain.backorder import Backorder
from backorder.store.protocol import Conflict, Store


def update(store: Store, known: Backorder, change: Callable[[Backorder], Backorder | None]) -> Backorder | None:
    """Write what `change` makes of the backorder, and return it as written.

    It begins with the backorder as it is `known`. Where somebody else changed that, `change` is asked again about what
    stands there. Return None where `change` does so, or where nothing that is understood stands there any more.
    """
    current: Backorder | None = known
    while current is not None and (changed := change(current)) is not None:
        try:
            return store.replace(changed)
        except Conflict as conflict:
            current = conflict.current
    return None
