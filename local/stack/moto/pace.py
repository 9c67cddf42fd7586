"""moto's DynamoDB at the pace of a run: a query looks at what it asks for, and an item is answered as it stands.

moto 5.2 sorts the whole table for every query, looks up each attribute of each answered item under six possible
names, and lists the methods of its own class at every call. For a run of 50 names that is two thirds of its time. What
is answered stays the same (tests/unit/local/stack/test_moto_pace.py).
"""

import copy
from collections import defaultdict
from functools import cache
from typing import Any

from moto.core import responses
from moto.core.serialize import JSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

_QUERY = Table.query
_SERIALIZE = JSONSerializer._serialize
_METHOD_NAMES = cache(method_names_from_class)


def quicken() -> None:
    """Makes every DynamoDB of moto in this process quick. Twice is as good as once."""
    setattr(Table, "query", _query)  # noqa: B010 - mypy takes no assignment to a method
    setattr(JSONSerializer, "_serialize", _serialize)  # noqa: B010
    setattr(responses, "method_names_from_class", _METHOD_NAMES)  # noqa: B010


def _query(self: Table, *about: Any, **more: Any) -> Any:
    """Asks moto for the same, of a copy of the table with only the items under the hash key."""
    table = copy.copy(self)
    for name, wanted in more["hash_key_conditions"] if self.range_key_attr else ():
        items = table.items
        table.items = defaultdict(dict)
        if name == self.hash_key_attr:
            table.items[wanted] = items.get(wanted, {})
        else:
            for hash_key, partition in items.items():
                table.items[hash_key] = {key: item for key, item in partition.items() if _has(item, name, wanted)}
    return _QUERY(table, *about, **more)


def _has(item: Item, name: str, wanted: DynamoType) -> bool:
    value = item.attrs.get(name)
    return value is not None and value.type == wanted.type and value.value == wanted.value


def _serialize(self: JSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Answers a text or a number of an item as moto keeps it, which is how DynamoDB writes it."""
    if shape.name == "AttributeValue" and isinstance(value, dict) and value.keys() <= {"S", "N"}:
        self._default_serialize(serialized, value, shape, key)
    else:
        _SERIALIZE(self, serialized, value, shape, key)
