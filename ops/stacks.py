"""Where a stack is, and what is known of it: a deployed one by CloudFormation, a local one by the file of `make up`."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials, SecretCredentials
from backorder.runtime.clock import Clock, system_clock
from backorder.runtime.settings import Stage
from backorder.store.dynamodb import DynamoStore
from ops.faults import Fault

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

LOCAL_STACK: Final = Path(__file__).parent.parent / "build" / "local-stack.json"
"""Written by `make up`, and removed at its end."""
_ANSWER_SECONDS: Final = 5.0
_API_PATH: Final = "/api/call.cgi"
_ANY_KEY: Final = "testing"
_CONFIG: Final = Config(
    connect_timeout=_ANSWER_SECONDS,
    read_timeout=30,
    max_pool_connections=10,
    retries={"mode": "standard", "total_max_attempts": 4},
)


@dataclass(frozen=True)
class Stack:
    """One stack, and the clients of its services. `endpoint_url`: of moto; None for AWS itself."""

    name: str
    stage: Stage
    provider_endpoint: str
    outputs: Mapping[str, str]
    schedules: Mapping[str, str]
    """Names at EventBridge Scheduler, by logical id."""
    functions: Mapping[str, str]
    """Names at Lambda, by logical id; none for a local stack, where Lambda runs nothing."""
    is_local: bool
    session: boto3.Session = field(repr=False)
    endpoint_url: str | None = None
    source_address: str | None = None
    """The fixed one that its functions call the provider from, if it has a network."""
    clock: Clock = system_clock
    """The time that the stack's functions go by: the emulator's for a local stack."""
    created: datetime | None = None
    """When it was deployed first; nobody knows of a local stack."""

    def output(self, name: str) -> str:
        """An output of the template. Raises Fault for a stack that was deployed from something else."""
        try:
            return self.outputs[name]
        except KeyError:
            raise Fault(
                f"the stack {self.name} has no output {name}: was it deployed from this template, and this version?"
            ) from None

    def client(self, service: Any) -> Any:
        """A client of one of AWS's services."""
        return self.session.client(service, endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def store(self) -> DynamoStore:
        return DynamoStore(self.client("dynamodb"), self.output("TableName"))

    @cached_property
    def s3(self) -> S3Client:
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def sqs(self) -> SQSClient:
        client: SQSClient = self.client("sqs")
        return client

    @cached_property
    def sns(self) -> SNSClient:
        client: SNSClient = self.client("sns")
        return client

    @cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        client: EventBridgeSchedulerClient = self.client("scheduler")
        return client

    @cached_property
    def secrets(self) -> SecretsManagerClient:
        client: SecretsManagerClient = self.client("secretsmanager")
        return client

    @cached_property
    def credentials(self) -> SecretCredentials:
        """The login in the stack's secret, read when it is first needed."""
        return SecretCredentials(self.output("ProviderSecretArn"), self.secrets)

    def provider(self, credentials: Credentials | None = None) -> HexonetClient:
        """The provider, with the login in the stack's secret or with another one."""
        return HexonetClient(
            stage=self.stage,
            endpoint=self.provider_endpoint,
            credentials=self.credentials if credentials is None else lambda: credentials,
            pool_size=1,
        )


def find(name: str | None) -> Stack:
    """The deployed stack `name`, or without a name the one of a running `make up`.

    Raises Fault where there is none, and what boto3 raises without credentials or rights.
    """
    if name is None:
        return _local(LOCAL_STACK)
    # boto3 reads AWS_DEFAULT_REGION alone; the AWS command line reads AWS_REGION first.
    return _deployed(name, boto3.Session(region_name=os.environ.get("AWS_REGION") or None))


def _deployed(name: str, session: boto3.Session) -> Stack:
    cloudformation: CloudFormationClient = session.client("cloudformation", config=_CONFIG)
    where = f"region {session.region_name}"
    try:
        (described,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise Fault(
                f"there is no stack {name} in {where}: check the name (`aws cloudformation list-stacks`), "
                "AWS_REGION and AWS_PROFILE"
            ) from None
        raise
    parameters = {given["ParameterKey"]: given.get("ParameterValue", "") for given in described.get("Parameters", ())}
    stage = parameters.get("Stage")
    if stage not in ("test", "live") or "Endpoint" not in parameters:
        raise Fault(f"the stack {name} in {where} is none of this pipeline: it has no parameters Stage and Endpoint")
    resources = _resources(cloudformation, name)
    return Stack(
        name=name,
        stage="live" if stage == "live" else "test",
        provider_endpoint=parameters["Endpoint"],
        outputs={given["OutputKey"]: given["OutputValue"] for given in described.get("Outputs", ())},
        schedules=resources["AWS::Scheduler::Schedule"],
        functions=resources["AWS::Lambda::Function"],
        is_local=False,
        session=session,
        source_address=_address_of(cloudformation, parameters.get("NetworkStack", "")),
        created=described["CreationTime"],
    )


def _address_of(cloudformation: CloudFormationClient, network: str) -> str | None:
    """The address that the stack of network.yaml tells."""
    if not network:
        return None
    (described,) = cloudformation.describe_stacks(StackName=network)["Stacks"]
    outputs = {given["OutputKey"]: given["OutputValue"] for given in described.get("Outputs", ())}
    return outputs.get("Address")


def _resources(cloudformation: CloudFormationClient, name: str) -> Mapping[str, dict[str, str]]:
    """The names of the stack's resources, by type and logical id."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
        for resource in page["StackResourceSummaries"]:
            found[resource["ResourceType"]][resource["LogicalResourceId"]] = resource.get("PhysicalResourceId", "")
    return found


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Schedule(_Part):
    id: str


class _Deployment(_Part):
    stack_name: str
    region: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    schedules: tuple[_Schedule, ...]


class _LocalStack(_Part):
    """What of the file of `make up` is needed here."""

    moto_url: str
    emulator_url: str
    deployment: _Deployment


def _local(file: Path) -> Stack:
    instead = "run `make up` in another terminal, or name a deployed stack: --stack NAME"
    try:
        found = _LocalStack.model_validate_json(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        raise Fault(f"no stack is up on this machine: {instead}") from None
    # moto takes any keys; the user's own have no business there.
    session = boto3.Session(
        aws_access_key_id=_ANY_KEY, aws_secret_access_key=_ANY_KEY, region_name=found.deployment.region
    )
    base = found.emulator_url.removesuffix(_API_PATH)
    stack = Stack(
        name=found.deployment.stack_name,
        stage="live" if found.deployment.parameters.get("Stage") == "live" else "test",
        provider_endpoint=found.emulator_url,
        outputs=found.deployment.outputs,
        schedules={
            schedule.id: f"{found.deployment.stack_name}-{schedule.id}" for schedule in found.deployment.schedules
        },
        functions={},
        is_local=True,
        session=session,
        endpoint_url=found.moto_url,
        clock=lambda: _emulated(base),
    )
    try:
        stack.s3.list_buckets()
        stack.clock()
    except (BotoCoreError, requests.RequestException):
        raise Fault(f"the stack that was up on this machine answers no more: {instead}") from None
    return stack


def _emulated(base: str) -> datetime:
    answer = requests.get(f"{base}/_emulator/clock", timeout=_ANSWER_SECONDS)
    answer.raise_for_status()
    return datetime.fromisoformat(json.loads(answer.text)["now"])


def where(stack: Stack) -> str:
    """The stack in a few words, for a heading."""
    host = urlsplit(stack.provider_endpoint).hostname
    if stack.is_local:
        return f"{stack.name} (on this machine, with the emulator)"
    if stack.stage == "live":
        return f"{stack.name} (LIVE at {host}: orders cost money)"
    return f"{stack.name} (the provider's test system at {host})"
