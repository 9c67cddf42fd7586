"""Tables of the template's own shape, wherever a DynamoDB is, and what lies in them byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from backorder.store.dynamodb import DynamoStore
from local.stack.deployment.services import Services
from local.stack.deployment.translation import translate
from local.stack.local_stack import TEMPLATE
from tests.future import Change, changed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NewTable = Callable[[], "Table"]


@dataclass(frozen=True)
class Table:
    """A table with the template's own keys and indexes."""

    client: DynamoDBClient
    name: str

    @property
    def store(self) -> DynamoStore:
        return DynamoStore(self.client, self.name)

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        """As it lies there."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found: dict[str, Any] = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)["Item"]
        return found

    def keys(self, kind: str) -> list[tuple[str, str]]:
        """Of all items of a kind, which is what their `pk` begins with, in order."""
        items = self.client.scan(TableName=self.name)["Items"]
        keys = [(item["pk"]["S"], item["sk"]["S"]) for item in items if "body" in item]
        return sorted((pk, sk) for pk, sk in keys if pk.partition("#")[0] == kind)

    def fields(self, pk: str, sk: str) -> tuple[str, ...]:
        return tuple(json.loads(self.item(pk, sk)["body"]["S"]))

    def set_attribute(self, pk: str, sk: str, name: str, value: dict[str, Any] | None) -> None:
        """Set an attribute beside the item's content, or remove it."""
        item = self.item(pk, sk)
        item.pop(name, None)
        self.client.put_item(TableName=self.name, Item=item if value is None else {**item, name: value})

    def change(self, pk: str, sk: str, change: Change) -> dict[str, Any]:
        """Gives the item as it lies there then."""
        item = self.item(pk, sk)
        item["body"] = {"S": changed(item["body"]["S"], change)}
        self.client.put_item(TableName=self.name, Item=item)
        return self.item(pk, sk)


def tables_at(url: str) -> NewTable:
    """What makes empty tables there."""
    properties = translate(TEMPLATE)["Resources"]["BackorderTable"]["Properties"]
    shape: dict[str, Any] = {
        name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    }
    numbers, client = count(1), Services(url).dynamodb

    def new() -> Table:
        name = f"table-{next(numbers)}"
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **shape)
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        return Table(client, name)

    return new
