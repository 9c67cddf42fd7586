"""Each function may do what it does, and nothing else: its calls in Lambda's runtime against its role's policy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import botocore.session
import pytest
from botocore import xform_name

from backorder.documents.halt import Halt, halt, halt_line
from backorder.store.dynamodb import DynamoStore
from local.stack.local_stack import LocalStack
from local.stack.processes import PROJECT
from tests.runtime.conftest import sample_event
from tests.runtime.permissions import Right, allowed, operations, used
from tests.runtime.pipeline import pipeline

# What no handler calls itself in this run, whose role has it all the same, and why.
EVERY = ("FetchList", "IngestList", "PlanSubmissions", "ReconcileAccount", "SubmitBackorders")
POLLED = ("IngestList", "SubmitBackorders")
ON_ITS_BEHALF = {
    "logs:CreateLogStream": (EVERY, "Lambda writes the log, with the function's role"),
    "logs:PutLogEvents": (EVERY, "the same"),
    "sqs:ReceiveMessage": (POLLED, "Lambda's poller takes the messages, with the function's role"),
    "sqs:DeleteMessage": (POLLED, "the same"),
    "sqs:GetQueueAttributes": (POLLED, "the same"),
    "sqs:SendMessage": (
        ("IngestList",),
        "when a list goes on, or was never read: test_the_function_puts_both_into_its_own_queue sees the call",
    ),
    "sns:Publish": (
        ("FetchList", "IngestList", "PlanSubmissions"),
        "Lambda tells of a schedule's run that failed, with the function's role",
    ),
    "dynamodb:UpdateItem": (
        ("SubmitBackorders",),
        "when an order is refused, or halts the line: test_circuit_breaker has what is then kept for other workers",
    ),
    "s3:AbortMultipartUpload": (
        ("FetchList",),
        "when a list breaks off: see test_a_large_list_that_breaks_off_leaves_nothing_in_dropping",
    ),
}
# What the code can call and this run does not: for lists that go on in a further round.
LARGE_LISTS_ONLY = {"sqs:SendMessage"}
# What no function calls: a run on one machine reads the whole table for its results.
LOCAL_ONLY = {"dynamodb:Scan"}
SERVICES = ("dynamodb", "s3", "secretsmanager", "sns", "sqs")


@dataclass(frozen=True)
class Run:
    """What was allowed and what was called."""

    allowed: set[Right]
    used: set[Right]
    operations: set[str]


@pytest.fixture(scope="module")
def run(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Lists of each kind through all functions, the provider's own among them, and a line that halts and goes on."""
    folder = tmp_path_factory.mktemp("calls")
    calls = folder / "calls.jsonl"
    with pipeline(stack, folder, calls=calls) as running:
        store = DynamoStore(running.services.dynamodb, stack.deployment.table_name)
        running.upload("rules.toml", b'[select]\nzones = ["com"]\n')
        running.upload("wanted/sample.txt", b"first.com\nno_name.com\n")
        running.upload("dropping/list.txt", b"second.com\n")
        # An event without a version, as of a bucket that keeps none.
        assert not running.functions["IngestList"].invoke(sample_event("IngestList")).failed
        running.tick("ReconcileAccount")
        running.tick("PlanSubmissions")
        running.deliver()
        running.upload("cancel/list.txt", b"second.com\n")
        running.upload("wanted/third.txt", b"third.com\n")
        halt_line(store, Halt("setting", "a test", running.control.clock().now))
        running.tick("ReconcileAccount")  # tells of it
        running.tick("PlanSubmissions")  # lets one order through, to see whether the line is free again
        running.deliver()
        assert halt(store) is None
        running.tick("ReconcileAccount")
        assert running.functions["IngestList"].invoke({"at": "2026-11-24T12:00:00Z"}).value == {"unread": 0}
        finalization = (running.control.clock().now + timedelta(days=2)).isoformat()
        running.control.schedule([{"domain": "fourth.com", "finalization_at": finalization}])
        assert running.tick("FetchList")["names"] == 1
        assert running.deliver() == 1
    return Run(allowed(stack), used(calls, stack), operations(calls))


def test_every_call_that_a_function_makes_is_allowed(run: Run) -> None:
    missing = [right for right in run.used if not any(granted.covers(right) for granted in run.allowed)]

    assert not missing, "missing in template.yaml: " + ", ".join(map(str, sorted(missing)))


def test_nothing_is_allowed_that_no_function_calls(run: Run) -> None:
    unused = [
        granted
        for granted in run.allowed
        if (granted.function, granted.action) not in on_their_behalf()
        and not any(granted.covers(right) for right in run.used)
    ]

    assert not unused, "superfluous in template.yaml: " + ", ".join(map(str, sorted(unused)))


def test_every_reason_is_for_a_right_that_some_role_has(run: Run) -> None:
    assert on_their_behalf() <= {(granted.function, granted.action) for granted in run.allowed}


def test_this_run_makes_every_kind_of_call_that_is_in_the_code(run: Run) -> None:
    """A call that came to the code and not to this run would be granted by nobody, and missed by no test."""
    assert set(called_in_the_code()) == run.operations | LARGE_LISTS_ONLY | LOCAL_ONLY


def on_their_behalf() -> set[tuple[str, str]]:
    """Function and right."""
    return {(function, action) for action, (functions, _) in ON_ITS_BEHALF.items() for function in functions}


def called_in_the_code() -> Iterator[str]:
    """The operations of AWS that the functions and the layer name: `client.put_item(`, `get_paginator("query")`."""
    session = botocore.session.get_session()
    known = {
        xform_name(operation): f"{service}:{operation}"
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
    }
    for folder in ("functions", "shared"):
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    name = node.func.attr
                    if name == "get_paginator" and isinstance(node.args[0], ast.Constant):
                        name = str(node.args[0].value)
                    if name in known:
                        yield known[name]
