"""What Lambda does with the outcome of an asynchronous invocation, such as a schedule's. Pure.

A success goes to the function's destination, if that is a function. A failure goes to the alert topic in AWS; on one
machine it is raised, for it is a bug that somebody is looking for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.stack.deployment.model import Declared


def after_success(
    declared: Declared, function: str, request: Mapping[str, Any], response: Any
) -> tuple[str, dict[str, Any]] | None:
    """Return the function that is invoked because `function` succeeded, with its event; None: there is none."""
    target = declared.functions[function].on_success
    if target is None:
        return None
    return target, {
        "version": "1.0",
        "requestContext": {"functionArn": function, "condition": "Success", "approximateInvokeCount": 1},
        "requestPayload": dict(request),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": response,
    }
