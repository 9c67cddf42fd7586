"""moto asks for no rights, so the tests do: a call of a function that its role does not allow fails where it is made.

Whose call it is, the stack of its thread says: the innermost module of a function's package that stands in it. So each
call that a handler makes anywhere in the suite is held against its function's policy, in this process; what the built
functions call in their own processes is held against it, resources included, in tests/runtime/test_permissions.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import FrameType
from typing import Any

import botocore.session

from local.stack.deployment import translate
from local.stack.processes import PROJECT

# Which right a call needs, where the two have not the same name.
RIGHTS = {
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
VERSIONED = {"s3:GetObject": "s3:GetObjectVersion"}


def right(operation: str, *, versioned: bool) -> str:
    """The right that an operation such as `s3:HeadObject` needs, on a version of an object or on the newest."""
    action = RIGHTS.get(operation, operation)
    return VERSIONED[action] if versioned else action


class Guard:
    """Sees each call of this process as boto3 is asked for it, and refuses what a function may not do."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        """What was not allowed since `refused` was cleared: a caller may have caught the error."""
        self.called: set[tuple[str, str]] = set()
        """Function and right of each call that was."""

    def see(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        function = caller()
        if function is None:
            return
        action = right(f"{model.service_model.service_name}:{model.name}", versioned="VersionId" in params)
        if action not in policies()[function]:
            self.refused.append(f"missing in template.yaml: {function}: {action}")
            raise AssertionError(self.refused[-1])
        self.called.add((function, action))

    def watch(self) -> None:
        """From now on, in each session that begins."""
        begin = botocore.session.Session.__init__

        def watched(session: Any, *arguments: Any, **named: Any) -> None:
            begin(session, *arguments, **named)
            session.register("provide-client-params.*.*", self.see)

        setattr(botocore.session.Session, "__init__", watched)  # noqa: B010 - mypy takes no assignment to a method


def caller() -> str | None:
    """The function whose code makes this call; None for the tests' and the local stack's own."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in packages():
            return packages()[package]
        frame = frame.f_back
    return None


@cache
def packages() -> Mapping[str, str]:
    """Each function's logical id, by its package."""
    return {
        resource["Properties"]["Handler"].partition(".")[0]: name
        for name, resource in _resources().items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


@cache
def policies() -> Mapping[str, frozenset[str]]:
    """What each function's role allows, whatever the resource."""
    return {name: frozenset(_actions(_resources()[f"{name}Role"])) for name in packages().values()}


def _actions(role: Mapping[str, Any]) -> Iterator[str]:
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            yield from [actions] if isinstance(actions, str) else actions


@cache
def _resources() -> Mapping[str, Any]:
    resources: Mapping[str, Any] = translate(PROJECT / "template.yaml")["Resources"]
    return resources
