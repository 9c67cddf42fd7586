"""Clients of the services in moto, with credentials that are good nowhere else."""

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

REGION = "us-east-1"
# moto's account, and credentials that it takes as it takes any.
ACCOUNT_ID = "123456789012"
ACCESS_KEY = "testing"


@cache
def aws_session() -> boto3.Session:
    """A session that looks at no configuration of this machine, so that no real account is ever reached.

    Always the same one: a session reads descriptions of all services and regions, for a twentieth of a second.
    """
    return boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=REGION)


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """The variables by which boto3, and any AWS tool, reaches moto at `endpoint_url`."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


class Services:
    """One client a service, made when it is first needed."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self._session = aws_session()
        self._config = Config(retries={"total_max_attempts": 1})

    def _client(self, service: Any) -> Any:
        return self._session.client(service, endpoint_url=self.endpoint_url, config=self._config)

    @cached_property
    def cloudwatch(self) -> Any:  # its stubs are not among the project's
        return self._client("cloudwatch")

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self._client("events")
        return client

    @cached_property
    def iam(self) -> Any:  # its stubs are not among the project's
        return self._client("iam")

    @cached_property
    def lambda_(self) -> "LambdaClient":
        client: LambdaClient = self._client("lambda")
        return client

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        client: CloudWatchLogsClient = self._client("logs")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        client: EventBridgeSchedulerClient = self._client("scheduler")
        return client

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    @cached_property
    def sns(self) -> "SNSClient":
        client: SNSClient = self._client("sns")
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self._client("sqs")
        return client
