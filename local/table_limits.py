"""What DynamoDB lets be done in a second, as a client that counts it: a key takes less than its table does.

Simulated seconds pass as the table's own limit is used up, so that it is always as busy as it may be: where writes are
spread over too few keys, one of these is throttled before the table is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

WRITES_A_KEY, READS_A_KEY = 1_000, 3_000
"""Units a second (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html)."""
WRITES_A_TABLE, READS_A_TABLE = 4_000, 12_000
"""Units a second of a table, or an index, that is new and charged by request."""
PAGE = 1 << 20
"""Bytes that a query answers at most."""
_HASH_KEY = re.compile(r"= (:\w+)")

Item = Mapping[str, Any]
"""As it goes over the wire."""


class LimitedTable:
    """A table with one index, by the attribute `open`, that throttles as DynamoDB does; it ignores all conditions.

    It stands in for boto3's client. Not safe for threads.
    """

    def __init__(self) -> None:
        self.seconds = 0
        """Simulated, since the table is there."""
        self.busiest: Counter[str] = Counter()
        """By kind of unit and key, the most in any second."""
        self._items: dict[tuple[str, str], Item] = {}
        self._second: Counter[str] = Counter()

    def put_item(self, *, Item: Item, **_: Any) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        key = Item["pk"]["S"], Item["sk"]["S"]
        self._write(key, Item)
        return {}

    def update_item(
        self,
        *,
        Key: Item,  # noqa: N803
        ExpressionAttributeNames: Mapping[str, str],  # noqa: N803
        ExpressionAttributeValues: Item,  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        key = Key["pk"]["S"], Key["sk"]["S"]
        set_now = {
            name: ExpressionAttributeValues[f":{name}"]
            for name in ExpressionAttributeNames.values()
            if f":{name}" in ExpressionAttributeValues
        }
        self._write(key, {**self._items.get(key, {}), **Key, **set_now})
        return {}

    def delete_item(self, *, Key: Item, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._write((Key["pk"]["S"], Key["sk"]["S"]), None)
        return {}

    def get_paginator(self, operation: str) -> LimitedTable:
        assert operation == "query"
        return self

    def paginate(
        self,
        *,
        KeyConditionExpression: str,  # noqa: N803
        ExpressionAttributeValues: Item,  # noqa: N803
        IndexName: str | None = None,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: N803
        **_: Any,
    ) -> Iterator[dict[str, Any]]:
        """Yield all that is under a hash key, whatever range is asked for, in pages."""
        found = _HASH_KEY.search(KeyConditionExpression)
        assert found is not None
        hash_key = ExpressionAttributeValues[found[1]]["S"]
        attribute, range_key = ("pk", "sk") if IndexName is None else ("open", "due")
        items = [item for item in self._items.values() if item.get(attribute) == {"S": hash_key}]
        for page in _pages(sorted(items, key=lambda item: str(item[range_key]["S"]))):
            units = ceil(sum(map(size_of, page)) / 4096) * (1 if ConsistentRead else 0.5)
            self._charge("reads", IndexName or "table", {hash_key: max(0.5, units)})
            yield {"Items": page}

    def pass_second(self) -> None:
        """Let the next second begin, in which everything takes as much again."""
        self.seconds += 1
        self._second.clear()

    def _write(self, key: tuple[str, str], item: Item | None) -> None:
        before = self._items.get(key)
        self._charge("writes", "table", {key[0]: max(_write_units(before), _write_units(item), 1)})
        in_index: Counter[str] = Counter()
        if before is None or item is None or before.get("open") != item.get("open") or before["due"] != item["due"]:
            # What is at another place of the index is deleted there, and written here.
            for each in (before, item):
                if each is not None and "open" in each:
                    in_index[each["open"]["S"]] += _write_units(each)
        elif "open" in item:
            in_index[item["open"]["S"]] += max(_write_units(before), _write_units(item))
        self._charge("writes", "index", in_index)
        if item is None:
            self._items.pop(key, None)
        else:
            self._items[key] = item

    def _charge(self, what: str, where: str, units: Mapping[str, float]) -> None:
        """Raises ClientError where a key is asked for more than it takes in a second."""
        of_table, of_key = (WRITES_A_TABLE, WRITES_A_KEY) if what == "writes" else (READS_A_TABLE, READS_A_KEY)
        total = f"{what} of the {where}"
        asked = sum(units.values())
        if self._second[total] + asked > of_table:
            self.pass_second()
        self._second[total] += asked  # type: ignore[assignment]
        for hash_key, number in units.items():
            name = f"{what} of {hash_key}"
            self._second[name] += number  # type: ignore[assignment]
            self.busiest[name] = max(self.busiest[name], self._second[name])
            if self._second[name] > of_key:
                error = {"Error": {"Code": "ThrottlingException", "Message": f"{name}: more than {of_key:,} a second"}}
                raise ClientError(error, what)  # type: ignore[arg-type]


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in pages of up to PAGE bytes; one that is empty where there are none."""
    page: list[Item] = []
    size = 0
    for item in items:
        if size + size_of(item) > PAGE:
            yield page
            page, size = [], 0
        page.append(item)
        size += size_of(item)
    yield page


def size_of(item: Item) -> int:
    """Return an item's bytes as DynamoDB counts them: names and values."""
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


def _write_units(item: Item | None) -> int:
    return 0 if item is None else ceil(size_of(item) / 1024)
