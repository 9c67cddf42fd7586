"""What a function may do, by its role's policy, and what it did, by the calls that it made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from local.stack.deployment.services import Services
from local.stack.local_stack import LocalStack
from tests.rights import right


@dataclass(frozen=True, order=True)
class Right:
    """To do something with something; in a policy `resource` may be a pattern."""

    function: str
    action: str
    resource: str

    def covers(self, used: Right) -> bool:
        return (self.function, self.action) == (used.function, used.action) and fnmatchcase(
            used.resource, self.resource
        )

    def __str__(self) -> str:
        return f"{self.function}: {self.action} on {self.resource}"


def allowed(stack: LocalStack) -> set[Right]:
    """All that the roles' policies say, as they were deployed."""
    iam = Services(stack.moto_url).iam
    return {
        granted
        for function in stack.deployment.functions
        for role in [f"{stack.deployment.stack_name}-{function}Role"]
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]["Statement"]
        for granted in _rights(function, statement)
    }


def used(calls: Path, stack: LocalStack) -> set[Right]:
    """What the calls that were written down need."""
    return {_needed(json.loads(line), stack) for line in calls.read_text(encoding="utf-8").splitlines()}


def operations(calls: Path) -> set[str]:
    """Their operations, as in `dynamodb:PutItem`."""
    return {
        f"{call['service']}:{call['operation']}"
        for call in map(json.loads, calls.read_text(encoding="utf-8").splitlines())
    }


def _rights(function: str, statement: Mapping[str, Any]) -> Iterator[Right]:
    assert statement["Effect"] == "Allow", statement
    for action in _listed(statement["Action"]):
        for resource in _listed(statement["Resource"]):
            yield Right(function, action, resource)


def _listed(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _needed(call: Mapping[str, str], stack: LocalStack) -> Right:
    operation = f"{call['service']}:{call['operation']}"
    action = right(operation, versioned="VersionId" in call)
    return Right(call["function"], action, _resource(call, stack))


def _resource(call: Mapping[str, str], stack: LocalStack) -> str:
    region, account = stack.deployment.region, stack.deployment.alert_topic_arn.split(":")[4]
    match call["service"]:
        case "s3":
            return f"arn:aws:s3:::{call['Bucket']}/{call['Key']}" if "Key" in call else f"arn:aws:s3:::{call['Bucket']}"
        case "dynamodb":
            index = f"/index/{call['IndexName']}" if "IndexName" in call else ""
            return f"arn:aws:dynamodb:{region}:{account}:table/{call['TableName']}{index}"
        case "sqs":
            return f"arn:aws:sqs:{region}:{account}:{call['QueueUrl'].rpartition('/')[2]}"
        case "sns":
            return call["TopicArn"]
        case "secretsmanager":
            return call["SecretId"]
        case service:
            raise AssertionError(f"a call to {service}: say here which resource its rights are for")
