"""`make invoke`, up to where Docker takes over: which variables the function gets, and how it reaches this machine."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from local.stack.invoke import environment, is_an_error, relay
from local.stack.local_stack import STACK_FILE, LocalStack
from local.stack.processes import PROJECT, StackError

ENVIRONMENTS = sorted((PROJECT / "events").glob("env.*.json"))


@pytest.fixture
def build(stack: LocalStack, tmp_path: Path) -> Path:
    """What `make up` writes."""
    (tmp_path / STACK_FILE).write_text(stack.model_dump_json())
    return tmp_path


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.name)
def test_an_environment_file_is_laid_over_the_stack_that_is_up(file: Path, stack: LocalStack, build: Path) -> None:
    deployed = stack.deployment.environment("SubmitBackorders")

    variables = environment("SubmitBackorders", file, build)

    given = json.loads(file.read_text())["Parameters"]
    assert variables == deployed | given
    # SAM passes on what the template declares, and nothing else.
    assert set(given) <= set(deployed)


def test_a_function_that_is_not_there_is_named(build: Path) -> None:
    with pytest.raises(StackError, match="no function 'Plan': FetchList, IngestList, PlanSubmissions"):
        environment("Plan", ENVIRONMENTS[0], build)


def test_the_relay_passes_on_what_is_said_in_both_directions() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            caller, _ = server.accept()
            with caller:
                caller.sendall(caller.recv(100).upper())

        threading.Thread(target=answer, daemon=True).start()
        with relay("127.0.0.2", port), socket.create_connection(("127.0.0.2", port)) as caller:
            caller.sendall(b"question")
            caller.shutdown(socket.SHUT_WR)
            assert caller.recv(100) == b"QUESTION"


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ('{"queued": 0, "held": 1}\n', False),
        ("null", False),
        ("", False),
        ("some words", False),
        ('{"errorMessage": "absent", "errorType": "ResourceNotFoundException", "stackTrace": []}', True),
        ("2026-11-24T12:00:00Z Task timed out after 3.00 seconds", True),
    ],
)
def test_an_answer_that_is_an_error_is_seen_as_one(answer: str, failed: bool) -> None:
    assert is_an_error(answer) is failed
