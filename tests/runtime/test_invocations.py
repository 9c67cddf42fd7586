"""Each built function in Lambda's runtime: what it answers, and what its event source sees when it goes wrong."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.stack.control import Control
from local.stack.deployment.services import Services
from local.stack.local_stack import LocalStack, local_stack
from tests.runtime import artefacts
from tests.runtime.artefacts import FUNCTIONS
from tests.runtime.conftest import sample_event
from tests.runtime.lambda_runtime import running


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_answers_its_sample_event(function: str, stack: LocalStack, tmp_path: Path) -> None:
    with running(stack.deployment, function, tmp_path) as called:
        answer = called.invoke(sample_event(function)).value
        again = called.invoke(sample_event(function)).value

    # Nobody reads what becomes of a message but for whether it is an error.
    expected = {
        "FetchList": {"pages", "names"},
        "IngestList": set(),
        "SubmitBackorders": set(),
        "PlanSubmissions": {"queued", "held", "missed"},
        "ReconcileAccount": {"changed", "posted", "compared"},
    }[function]
    assert expected <= set(answer or ())
    assert set(again or ()) == set(answer or ())
    assert '"level":"ERROR"' not in (tmp_path / f"{function}.log").read_text()


def test_the_sample_events_order_the_name_that_is_in_them(stack: LocalStack, tmp_path: Path) -> None:
    services = Services(stack.moto_url)
    services.s3.put_object(Bucket=stack.deployment.lists_bucket, Key="wanted/sample.txt", Body=b"example.com\n")

    for function in ("IngestList", "PlanSubmissions", "SubmitBackorders"):
        with running(stack.deployment, function, tmp_path) as called:
            assert not called.invoke(sample_event(function)).failed

    applications = Control(stack.emulator_base_url).state()["applications"]
    assert [each["domain"] for each in applications] == ["example.com"]


@pytest.mark.parametrize("function", ["IngestList", "SubmitBackorders"])
def test_a_message_that_cannot_be_read_fails_the_invocation(function: str, stack: LocalStack, tmp_path: Path) -> None:
    broken = sample_event(function)
    broken["Records"][0]["body"] = "{"

    with running(stack.deployment, function, tmp_path) as called:
        answer, after = called.invoke(broken), called.invoke(sample_event(function))

    assert answer.error == "ValidationError"
    assert "Traceback" in (tmp_path / f"{function}.log").read_text()
    assert not after.failed


@pytest.mark.parametrize("function", ["PlanSubmissions", "ReconcileAccount"])
def test_a_handler_that_raises_fails_the_invocation_and_takes_the_next(
    function: str, stack: LocalStack, tmp_path: Path
) -> None:
    with running(stack.deployment, function, tmp_path, environment={"TABLE_NAME": "absent"}) as called:
        first, second = (called.invoke(sample_event(function)) for _ in range(2))

    assert first.error == second.error == "ResourceNotFoundException"


def test_a_setting_that_is_missing_is_named(stack: LocalStack, tmp_path: Path) -> None:
    with running(stack.deployment, "PlanSubmissions", tmp_path, environment={"STAGE": "production"}) as called:
        answer = called.invoke(sample_event("PlanSubmissions"))

    assert answer.error == "MissingSetting"
    assert "STAGE" in answer.text


def test_a_message_that_is_no_event_fails_the_invocation(stack: LocalStack, tmp_path: Path) -> None:
    with running(stack.deployment, "SubmitBackorders", tmp_path) as called:
        assert called.invoke({"at": "2026-11-24T12:00:00Z"}).error == "KeyError"


@dataclass(frozen=True)
class MuteProvider:
    """Takes every connection and never answers."""

    stack: LocalStack
    """Its own: who dies leaves a lease behind."""
    url: str
    connected: threading.Event

    @property
    def environment(self) -> dict[str, str]:
        return {"PROVIDER_ENDPOINT": self.url}


@pytest.fixture
def mute() -> Iterator[MuteProvider]:
    artefacts.required()
    connected, kept = threading.Event(), []

    def take() -> None:
        with suppress(OSError):
            while True:
                kept.append(server.accept())
                connected.set()

    with local_stack() as stack, socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=take, daemon=True).start()
        yield MuteProvider(stack, f"http://127.0.0.1:{server.getsockname()[1]}/api/call.cgi", connected)
        server.shutdown(socket.SHUT_RDWR)


def test_a_function_that_runs_out_of_time_fails_the_invocation(mute: MuteProvider, tmp_path: Path) -> None:
    function, deployment = "PlanSubmissions", mute.stack.deployment

    with running(deployment, function, tmp_path, environment=mute.environment, timeout_s=3) as called:
        answer = called.invoke(sample_event(function))

    assert mute.connected.is_set()
    assert answer.error == "Sandbox.Timedout", answer.text


def test_a_function_that_is_killed_fails_the_invocation(mute: MuteProvider, tmp_path: Path) -> None:
    """As the kernel kills it when its memory does not suffice."""
    function, deployment = "PlanSubmissions", mute.stack.deployment

    with (
        running(deployment, function, tmp_path, environment=mute.environment) as called,
        ThreadPoolExecutor(1) as caller,
    ):
        answer = caller.submit(called.invoke, sample_event(function))
        assert mute.connected.wait(30)
        os.kill(called.runtime_process(), signal.SIGKILL)

    assert answer.result().error == "Runtime.ExitError", answer.result().text


def test_a_worker_whose_time_is_short_sends_nothing_and_says_so_in_time(mute: MuteProvider, tmp_path: Path) -> None:
    services, function = Services(mute.stack.moto_url), "SubmitBackorders"
    services.s3.put_object(Bucket=mute.stack.deployment.lists_bucket, Key="wanted/sample.txt", Body=b"example.com\n")
    for before in ("IngestList", "PlanSubmissions"):
        with running(mute.stack.deployment, before, tmp_path) as called:
            assert not called.invoke(sample_event(before)).failed

    # Less than a call may take, connecting and reading.
    with running(mute.stack.deployment, function, tmp_path, environment=mute.environment, timeout_s=20) as called:
        answer = called.invoke(sample_event(function))

    assert answer.value is None
    assert not mute.connected.is_set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_needs_half_of_its_memory_at_most(function: str, stack: LocalStack, tmp_path: Path) -> None:
    with running(stack.deployment, function, tmp_path) as called:
        called.invoke(sample_event(function))
        peak = called.peak_memory_mb()

    assert peak < stack.deployment.functions[function].memory_mb / 2
