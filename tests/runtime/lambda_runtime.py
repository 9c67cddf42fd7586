"""A built function in Lambda's own runtime: the runtime interface emulator, and the client that Lambda starts in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from local.stack.deployment import Deployment
from local.stack.lifetime import end_with_parent
from tests.runtime import artefacts

INVOCATIONS = "/2015-03-31/functions/function/invocations"
RECORDER = Path(__file__).parent / "recorder"
START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 90.0


@dataclass(frozen=True)
class Answer:
    """What the event source gets."""

    text: str

    @property
    def value(self) -> Any:
        """The function's own answer, as JSON; fails for an error's."""
        assert not self.failed, self.text
        return json.loads(self.text)

    @property
    def error(self) -> str | None:
        """The type of the error that the invocation ended with; Lambda answers it as `X-Amz-Function-Error`."""
        if self.text.startswith("Task timed out"):
            return "Sandbox.Timedout"
        try:
            answer = json.loads(self.text)
        except ValueError:
            return self.text
        return answer.get("errorType") if isinstance(answer, dict) else None

    @property
    def failed(self) -> bool:
        return self.error is not None


@dataclass(frozen=True)
class RunningFunction:
    """A function that waits for events, one after the other, as one of Lambda's environments does."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def invoke(self, event: Mapping[str, Any]) -> Answer:
        response = requests.post(self.url + INVOCATIONS, json=event, timeout=ANSWER_TIMEOUT_S)
        return Answer(response.text)

    def runtime_process(self) -> int:
        """The process that runs the handler, the emulator's only child. It is there from the first event on."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        (child,) = (int(pid) for file in children for pid in file.read_text().split())
        return child

    def peak_memory_mb(self) -> float:
        """The most memory that the handler's process ever had."""
        status = Path(f"/proc/{self.runtime_process()}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024


@contextmanager
def running(
    deployment: Deployment,
    function: str,
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    code: Path | None = None,
    calls: Path | None = None,
    timeout_s: int | None = None,
) -> Iterator[RunningFunction]:
    """Starts `function` as Lambda does, with the environment of its deployment; its log goes into `folder`.

    `code` is another folder than the built one, `calls` a file for the AWS calls that it makes.
    """
    artefacts.required()
    emulator, about = artefacts.emulator(), deployment.functions[function]
    task_root = code or artefacts.BUILD / function
    path = [artefacts.LAYER] if calls is None else [RECORDER, artefacts.LAYER]
    variables = {
        "PATH": os.environ["PATH"],
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "LAMBDA_TASK_ROOT": str(task_root),
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(about.memory_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s or about.timeout_s),
        **deployment.environment(function),
        **({} if calls is None else {"RECORDED_CALLS": str(calls)}),
        **(environment or {}),
    }
    address, api = (f"127.0.0.1:{port}" for port in _free_ports(2))
    command = [
        *(str(emulator), "--runtime-interface-emulator-address", address, "--runtime-api-address", api),
        *(str(artefacts.PYTHON), "-m", "awslambdaric", about.handler),
    ]
    log = folder / f"{function}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=task_root,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no locks
        )
    try:
        _wait_for(address, process, log)
        yield RunningFunction(f"http://{address}", process, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        else:
            return
