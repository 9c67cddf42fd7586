"""Items that no version writes that there is: as a newer one might have left them, or as damage does."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ENUMERATIONS = {
    "domain": ("state",),
    "ledger": ("kind", "source", "target"),
    "leases": (),
    "findings": ("kind", "status"),
    "lists": (),
}
"""Which fields of an item hold one of some words, by what its key begins with."""
UNKNOWN_WORD = "a word of the next version"
OF_ANOTHER_TYPE = [[7]]

Change = tuple[str, Any]
"""What is done to an item's JSON: a field, and the value that it gets; without a field, to which share it is cut."""


def changes(kind: str, fields: tuple[str, ...]) -> st.SearchStrategy[Change]:
    """Whatever makes an item of a kind, which has these fields, one that is not understood."""
    types = st.tuples(st.sampled_from(fields), st.just(OF_ANOTHER_TYPE))
    cuts = st.tuples(st.just(""), st.floats(0, 1, exclude_max=True))
    if not ENUMERATIONS[kind]:
        return types | cuts
    return st.tuples(st.sampled_from(ENUMERATIONS[kind]), st.just(UNKNOWN_WORD)) | types | cuts


def changed(body: str, change: Change) -> str:
    """An item's JSON after the change."""
    field, value = change
    if not field:
        return body[: int(value * len(body))]
    content = json.loads(body)
    content[field] = value
    return json.dumps(content)
