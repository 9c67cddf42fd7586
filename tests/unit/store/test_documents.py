"""A document is read into its type, written from it, and changed by many at once without a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from pydantic import TypeAdapter, ValidationError

from backorder.store.documents import Document, Group, read_together
from backorder.store.dynamodb import DynamoStore
from local.memory_store import MemoryStore


@dataclass(frozen=True, slots=True)
class Purse:
    """What the tests keep."""

    amount: Decimal = Decimal(0)
    at: datetime | None = None


PURSE: Document[Purse] = Document("purse", TypeAdapter(Purse), Purse())
FULL = Purse(Decimal("69.10"), datetime(2026, 11, 30, 17, tzinfo=UTC))


def test_before_it_is_written_a_document_is_empty_and_after_it_is_deleted() -> None:
    store = MemoryStore()
    assert PURSE.read(store) == Purse()
    PURSE.write(store, FULL)
    assert PURSE.read(store) == FULL
    PURSE.delete(store)
    assert PURSE.read(store) == Purse()


def test_amounts_and_times_are_kept_as_strings() -> None:
    store = MemoryStore()
    PURSE.write(store, FULL)
    assert store.document("purse") == {"amount": "69.10", "at": "2026-11-30T17:00:00Z"}


def test_a_change_is_made_again_of_what_somebody_else_wrote_meanwhile() -> None:
    class Busy(MemoryStore):
        """Somebody writes before the first change is written."""

        def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
            if PURSE.read(self) == Purse():
                PURSE.write(self, Purse(Decimal(100)))
            return super().swap_document(name, before, after)

    store = Busy()
    changed = PURSE.change(store, lambda purse: Purse(purse.amount + 1))
    assert changed == PURSE.read(store) == Purse(Decimal(101))


def test_a_change_that_changes_nothing_is_not_written() -> None:
    store = MemoryStore()
    assert PURSE.change(store, lambda purse: purse) == Purse()
    assert store.document("purse") is None


def test_what_is_not_understood_is_raised_and_stays() -> None:
    store = MemoryStore()
    store.put_document("purse", {"amount": "a lot"})
    with pytest.raises(ValidationError):
        PURSE.read(store)
    with pytest.raises(ValidationError):
        PURSE.change(store, lambda _: FULL)
    assert store.document("purse") == {"amount": "a lot"}


def test_documents_that_are_read_together_stay_as_they_stood() -> None:
    store = MemoryStore()
    PURSE.write(store, FULL)
    documents = read_together(store, [PURSE.name, "forecast"])
    PURSE.delete(store)
    assert PURSE.read(documents) == FULL
    assert documents.document("forecast") is None
    with pytest.raises(KeyError):
        documents.document("rules")


def test_a_document_for_which_the_table_was_too_busy_is_read_alone() -> None:
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    key = {"pk": {"S": "document#purse"}, "sk": {"S": "-"}}
    item = {**key, "v": {"N": "1"}, "body": {"S": '{"amount": "69.10"}'}}
    with Stubber(client) as table:
        table.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": {"backorders": {"Keys": [key]}}})
        table.add_response("get_item", {"Item": item})
        assert DynamoStore(client, "backorders").documents(["purse", "forecast"]) == {"purse": {"amount": "69.10"}}


PURSES: Group[Purse] = Group("purses", TypeAdapter(Purse))


class Written(MemoryStore):
    """Remembers which documents of a group were written or deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    def put_member(self, group: str, key: str, body: Mapping[str, Any]) -> None:
        self.keys.append(key)
        super().put_member(group, key, body)

    def delete_member(self, group: str, key: str) -> None:
        self.keys.append(key)
        super().delete_member(group, key)


def test_of_a_group_only_what_changed_is_written() -> None:
    store = Written()
    assert PURSES.read(store) == {}
    PURSES.write(store, {"same": FULL, "changes": FULL, "goes": FULL})
    store.keys.clear()
    now = {"same": FULL, "changes": Purse(), "comes": FULL}
    PURSES.write(store, now)
    assert (sorted(store.keys), PURSES.read(store)) == (["changes", "comes", "goes"], now)


def test_a_group_that_a_crash_left_half_written_is_made_whole_by_the_next_write() -> None:
    class Full(Written):
        def put_member(self, group: str, key: str, body: Mapping[str, Any]) -> None:
            if len(self.keys) >= 2:
                raise TimeoutError
            super().put_member(group, key, body)

    store, values = Full(), {str(n): FULL for n in range(5)}
    with pytest.raises(TimeoutError):
        PURSES.write(store, values)
    assert 0 < len(PURSES.read(store)) < 5
    store.keys = []
    MemoryStore.put_member(store, "purses", "gone", {})
    with pytest.raises(TimeoutError):
        PURSES.write(store, values)
    store.keys = []
    PURSES.write(store, values)
    assert PURSES.read(store) == values
