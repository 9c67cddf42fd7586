"""Items that no version writes that there is: as a newer one might have left them, or as damage does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ENUMERATIONS = {
    "domain": ("state", "source", "origin", "reason", "deadline_known"),
    "ledger": ("kind", "source", "target"),
    "leases": (),
    "findings": ("kind", "status"),
    "lists": (),
}
"""Which fields of an item hold one of some words, by what its key begins with."""
UNKNOWN_WORD = "a word of the next version"
OF_ANOTHER_TYPE = {"of the next version": [1]}

Change = tuple[str, Any]
"""What is done to an item's JSON: `cut` to a share of its length, or a field that is `set` to another value."""


def changes(kind: str, fields: tuple[str, ...]) -> st.SearchStrategy[Change]:
    """Whatever makes an item of a kind, which has these fields, one that is not understood."""
    words = [st.tuples(st.sampled_from(ENUMERATIONS[kind]), st.just(UNKNOWN_WORD))] if ENUMERATIONS[kind] else []
    types = st.tuples(st.sampled_from(fields), st.just(OF_ANOTHER_TYPE))
    cuts = st.tuples(st.just(""), st.floats(0, 1, exclude_max=True))
    return st.one_of(*words, types, cuts)


def changed(body: str, change: Change) -> str:
    """An item's JSON after the change."""
    field, value = change
    if not field:
        return body[: int(value * len(body))]
    content = json.loads(body)
    # What may be any object is none.
    content[field] = 7 if isinstance(content.get(field), dict) else value
    return json.dumps(content)


@dataclass(frozen=True)
class Shelved:
    """A table as it lies: the bytes of its items."""

    client: DynamoDBClient
    table: str

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found: dict[str, Any] = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)["Item"]
        return found

    def keys(self, kind: str) -> list[tuple[str, str]]:
        """Of all items of a kind, in order."""
        items = self.client.scan(TableName=self.table)["Items"]
        keys = [(item["pk"]["S"], item["sk"]["S"]) for item in items if "body" in item]
        return sorted((pk, sk) for pk, sk in keys if pk.partition("#")[0] == kind)

    def fields(self, pk: str, sk: str) -> tuple[str, ...]:
        return tuple(json.loads(self.item(pk, sk)["body"]["S"]))

    def change(self, pk: str, sk: str, change: Change) -> dict[str, Any]:
        """Gives the item as it lies there then."""
        item = self.item(pk, sk)
        item["body"] = {"S": changed(item["body"]["S"], change)}
        self.client.put_item(TableName=self.table, Item=item)
        return self.item(pk, sk)
