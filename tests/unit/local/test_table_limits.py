"""A table that throttles as DynamoDB does; and that the store spreads a drop's items over enough keys for it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from backorder.store import dynamodb
from backorder.store.dynamodb import DynamoStore
from local.table_limits import WRITES_A_KEY, LimitedTable
from tests.factories import a_backorder
from tools.bench.throughput import life


def item(pk: str, sk: str, **attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"pk": pk, "sk": sk, **attributes}.items()}


def test_a_key_takes_a_thousand_writes_of_a_kilobyte_in_a_second() -> None:
    table = LimitedTable()
    for n in range(1_000):
        table.put_item(Item=item("key", f"{n}"))
    with pytest.raises(ClientError, match=r"writes of key: more than 1,000 a second"):
        table.put_item(Item=item("key", "one more"))


def test_a_second_passes_when_the_table_has_done_what_it_takes() -> None:
    table = LimitedTable()
    for n in range(9_000):
        table.put_item(Item=item(f"key#{n % 8}", f"{n}"))
    assert table.seconds == 2
    assert set(table.busiest.values()) == {500}


def test_an_item_is_charged_by_the_kilobyte_and_again_in_the_index() -> None:
    table = LimitedTable()
    table.put_item(Item=item("a", "-", open="open#1", due="1", body="x" * 3_000))
    assert table.busiest == {"writes of a": 3, "writes of open#1": 3}
    table.put_item(Item=item("a", "-", open="closed#1", due="1", body="x" * 3_000))
    assert table.busiest == {"writes of a": 6, "writes of open#1": 6, "writes of closed#1": 3}
    table.delete_item(Key=item("a", "-"))
    assert table.busiest == {"writes of a": 9, "writes of open#1": 6, "writes of closed#1": 6}


def test_a_key_takes_three_thousand_reads_of_four_kilobytes_in_a_second() -> None:
    table = LimitedTable()
    for n in range(200):
        table.put_item(Item=item(f"domain#{n}", "-", open="open#1", due=f"{n}", body="x" * 100_000))
        table.pass_second()

    def read() -> int:
        shard = {":shard": {"S": "open#1"}}
        pages = table.paginate(
            KeyConditionExpression="#open = :shard", ExpressionAttributeValues=shard, IndexName="open"
        )
        return sum(len(page["Items"]) for page in pages)

    assert read() == 200
    assert 2_400 < table.busiest["reads of open#1"] < 2_600, "half a unit for 4 KB: they need not be consistent"
    with pytest.raises(ClientError, match=r"reads of open#1"):
        read()


def test_what_is_read_is_what_was_written() -> None:
    client: Any = LimitedTable()
    store = DynamoStore(client, "backorders")
    backorders = {backorder.key: backorder for backorder in (a_backorder(f"{n}.com") for n in range(50))}
    for backorder in backorders.values():
        store.create(backorder)
    assert {backorder.key: backorder for backorder in store.open_backorders()} == backorders


@pytest.mark.parametrize("number", [2_000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_drops_backorders_ask_no_key_for_more_than_it_takes(number: int) -> None:
    """From their list to the findings about them, as fast as the table lets them pass."""
    table = LimitedTable()
    for _ in life(table, number):
        pass
    assert table.seconds > number // 250, "it was busy all the time"
    assert max(units for name, units in table.busiest.items() if "writes" in name) < 0.75 * WRITES_A_KEY


def test_without_the_shards_a_key_is_asked_for_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "SHARDS", 2)
    with pytest.raises(ClientError, match="more than 1,000 a second"):
        for _ in life(LimitedTable(), 2_000):
            pass
