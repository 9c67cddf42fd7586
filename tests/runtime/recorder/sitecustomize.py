"""Runs at the start of a function's process in tests: writes down each AWS call, as boto3 is asked for it.

It is on the path before all else and imports botocore only, which is Lambda's: the function imports what it would.
"""

from __future__ import annotations

import json
import os
from typing import Any

import botocore.session

TELLING = ("Bucket", "Key", "VersionId", "TableName", "IndexName", "QueueUrl", "SecretId", "TopicArn")
_begin = botocore.session.Session.__init__


def _record(params: dict[str, Any], model: Any, **_: Any) -> None:
    call = {
        "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "service": model.service_model.service_name,
        "operation": model.name,
        **{name: value for name, value in params.items() if name in TELLING and isinstance(value, str)},
    }
    if "RequestItems" in params:
        # A call about items of several tables; ours has one.
        [call["TableName"]] = params["RequestItems"]
    with open(os.environ["RECORDED_CALLS"], "a", encoding="utf-8") as file:  # noqa: PTH123 - one write a line, appended
        file.write(json.dumps(call) + "\n")


def _recording(session: Any, *arguments: Any, **named: Any) -> None:
    _begin(session, *arguments, **named)
    session.register("provide-client-params.*.*", _record)


if "RECORDED_CALLS" in os.environ:
    setattr(botocore.session.Session, "__init__", _recording)  # noqa: B010 - mypy takes no assignment to a method
