"""moto in this process answers as its server does, and no other process's calls reach it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local.stack.deployment import aws_environment, aws_session
from local.stack.deployment.services import Services
from local.stack.moto.in_process import ADDRESS, moto_in_process


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with moto_in_process() as address:
        for name, value in aws_environment(address).items():
            monkeypatch.setenv(name, value)
        yield address


def test_objects_queues_and_items_are_kept(address: str) -> None:
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    s3.create_bucket(Bucket="lists")
    s3.put_object(Bucket="lists", Key="wanted/a b.txt", Body=io.BytesIO(b"john.com\n" * 1000), ContentType="text/plain")
    assert s3.head_object(Bucket="lists", Key="wanted/a b.txt")["ContentLength"] == 9000
    assert s3.get_object(Bucket="lists", Key="wanted/a b.txt")["Body"].read() == b"john.com\n" * 1000
    url = sqs.create_queue(QueueName="submissions")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="äöü")
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["äöü"]


def test_a_refusal_is_one(address: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        boto3.client("s3").get_object(Bucket="nowhere", Key="x")


def test_of_many_conditional_writes_at_once_one_takes_place(address: str) -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )

    def claims(worker: int) -> bool:
        item = {"pk": {"S": "john.com"}, "worker": {"N": str(worker)}}
        try:
            dynamodb.put_item(TableName="t", Item=item, ConditionExpression="attribute_not_exists(pk)")
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claims, range(64))) == 1


def test_each_block_begins_with_an_empty_moto_and_ends_with_none() -> None:
    for _ in range(2):
        with moto_in_process() as address:
            s3 = aws_session().client("s3", endpoint_url=address)
            assert s3.list_buckets()["Buckets"] == []
            s3.create_bucket(Bucket="lists")


def test_another_address_is_none_of_its_business() -> None:
    with moto_in_process() as address:
        elsewhere = address.replace("127.0.0.1", "127.0.0.2")
        assert elsewhere != ADDRESS
        with pytest.raises(EndpointConnectionError):
            Services(elsewhere).s3.list_buckets()


def test_whoever_used_a_session_before_gets_another_one() -> None:
    """One that began before this module was loaded would open a connection, to nobody."""
    before = aws_session()
    with moto_in_process():
        assert aws_session() is not before
