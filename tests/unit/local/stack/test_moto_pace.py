"""moto at the pace of a run answers as moto does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models.table import Table

from local.stack.moto.pace import quicken

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS = ("pk", "sk", "open", "due")
LETTERS = st.sampled_from("abc")
BODIES: list[dict[str, Any]] = [
    {"S": "text"},
    {"N": "12"},
    {"BOOL": True},
    {"NULL": True},
    {"B": b"\x00\xff"},
    {"SS": ["a", "b"]},
    {"L": [{"S": "a"}, {"N": "1"}]},
    {"M": {"a": {"L": [{"M": {"b": {"N": "2"}}}]}}},
]


@pytest.fixture(scope="module")
def client() -> Iterator[DynamoDBClient]:
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with patch.dict(os.environ, environment), mock_aws():
        yield boto3.client("dynamodb")


def new_table(client: DynamoDBClient, items: list[dict[str, Any]]) -> None:
    if client.list_tables()["TableNames"]:
        client.delete_table(TableName="t")
    client.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open",
                "KeySchema": [
                    {"AttributeName": "open", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for item in items:
        client.put_item(TableName="t", Item=item)


def answers(client: DynamoDBClient, asked: dict[str, Any]) -> list[Any]:
    """Every page of a query, without what tells one call from another."""
    pages = client.get_paginator("query").paginate(TableName="t", **asked)
    return [{**page, "ResponseMetadata": None} for page in pages]


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    def item(pk: str, sk: str) -> dict[str, Any]:
        other = {name: {"S": draw(LETTERS)} for name in draw(st.sets(st.sampled_from(["open", "due"])))}
        body = draw(st.sampled_from(BODIES))
        return {"pk": {"S": pk}, "sk": {"S": sk}, **other, "body": body}

    return [item(pk, sk) for pk, sk in draw(st.lists(st.tuples(LETTERS, LETTERS), unique=True, max_size=9))]


QUERIES = st.fixed_dictionaries(
    {
        "index": st.booleans(),
        "of": st.sampled_from("abz"),
        "forward": st.booleans(),
        "size": st.sampled_from([1, 2, 100]),
    },
    optional={"since": LETTERS},
)
ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}, "open": {"S": "a"}, "due": {"S": "c"}, "body": {"M": {"a": {"B": b"1"}}}}


@settings(max_examples=60)
@given(tables(), QUERIES)
@example([ITEM, {**ITEM, "sk": {"S": "a"}}], {"index": True, "of": "a", "forward": False, "size": 1, "since": "b"})
@example([ITEM, {**ITEM, "pk": {"S": "b"}}], {"index": False, "of": "a", "forward": True, "size": 100})
def test_a_query_is_answered_as_moto_answers_it(
    client: DynamoDBClient, items: list[dict[str, Any]], query: dict[str, Any]
) -> None:
    names = {"#hash": "open" if query["index"] else "pk"} | (
        {"#range": "due" if query["index"] else "sk"} if "since" in query else {}
    )
    asked: dict[str, Any] = {
        "KeyConditionExpression": "#hash = :of" + (" AND #range >= :since" if "since" in query else ""),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":{name}": {"S": query[name]} for name in ("of", "since") if name in query},
        "ScanIndexForward": query["forward"],
        "PaginationConfig": {"PageSize": query["size"]},
        **({"IndexName": "open"} if query["index"] else {}),
    }
    new_table(client, items)
    slow = answers(client, asked)
    with (
        patch.object(Table, "query", Table.query),
        patch.object(JSONSerializer, "_serialize", JSONSerializer._serialize),
    ):
        quicken()
        assert answers(client, asked) == slow
        assert [
            client.get_item(TableName="t", Key={"pk": item["pk"], "sk": item["sk"]})["Item"] for item in items
        ] == items
