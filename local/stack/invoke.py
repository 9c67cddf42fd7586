"""`sam local invoke` on the stack of `make up`: `python -m local.stack.invoke FUNCTION --event FILE --env FILE …`.

The function runs in a container, where 127.0.0.1 is the container itself, and aws-sam-cli takes no notice of
`--docker-network host` (aws/aws-sam-cli#4236). So each address of this machine among the variables becomes that of
Docker's bridge, where a relay passes connections on, as long as the function runs, to the server that listens on
loopback: from outside this machine nothing can be reached that could not be reached before.

The provider's client takes no plain http but to loopback, and rightly so. It is given `localhost`, which in the
container has the bridge's address, too: where nobody listens at the first one, the second is tried.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from local.stack.deployment import REGION, aws_environment
from local.stack.local_stack import BUILD, ENVIRONMENT_FILE, attach
from local.stack.processes import PROJECT, StackError

SAM = PROJECT / "build" / "sam" / "bin" / "sam"
LOOPBACK = re.compile(r"http://127\.0\.0\.1:(\d+)")
EVERY_FUNCTION = "Parameters"
"""What SAM calls the part of an environment file that is for all functions."""

FAILED = 1
"""Exit status where the function's answer is an error."""

Variables = dict[str, str]


def main() -> int:
    """Invokes, and gives the exit status of `sam local invoke`, or 1 where the function's answer is an error."""
    parser = argparse.ArgumentParser(prog="make invoke", description="A built function, in a container.")
    parser.add_argument("function")
    parser.add_argument("--event", type=Path, required=True)
    parser.add_argument("--env", type=Path, default=BUILD / ENVIRONMENT_FILE)
    arguments, options = parser.parse_known_args()
    try:
        variables = environment(arguments.function, arguments.env)
        return _invoke(arguments.function, arguments.event, variables, options)
    except (StackError, OSError) as error:
        print(f"make invoke: {error}", file=sys.stderr)
        return 2


def environment(function: str, file: Path, build: Path = BUILD) -> Variables:
    """The variables of `function` in the stack that is up, with those of `file` over them.

    Raises `StackError` if no stack is up or it has no such function, OSError and `StackError` for an unusable file.
    """
    deployment = attach(build).deployment
    if function not in deployment.functions:
        raise StackError(f"there is no function {function!r}: {', '.join(sorted(deployment.functions))}")
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StackError(f"{file}: is no JSON ({error})") from error
    return {**deployment.environment(function), **given.get(EVERY_FUNCTION, {}), **given.get(function, {})}


def _invoke(function: str, event: Path, variables: Variables, options: Sequence[str]) -> int:
    if shutil.which("docker") is None:
        raise StackError("`sam local invoke` needs Docker, and there is no docker on the PATH")
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
        seen = dict(variables)
        if ports := sorted({int(port) for value in variables.values() for port in LOOPBACK.findall(value)}):
            bridge = _bridge()
            hosts = {name: "localhost" if name == "PROVIDER_ENDPOINT" else bridge for name in variables}
            seen = {name: LOOPBACK.sub(rf"http://{hosts[name]}:\1", value) for name, value in variables.items()}
            options = ["--add-host", f"localhost:{bridge}", *options]
            for port in ports:
                cleanup.enter_context(relay(bridge, port))
        file = folder / "env.json"
        file.write_text(json.dumps({function: seen}), encoding="utf-8")
        command = [str(SAM), "local", "invoke", function, "--event", str(event), "--env-vars", str(file)]
        own = {**os.environ, **_credentials(), "SAM_CLI_TELEMETRY": "0"}
        done = subprocess.run(
            [*command, "--region", REGION, *options],
            env=own,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout, end="")
        return done.returncode or (FAILED if is_an_error(done.stdout) else 0)


def is_an_error(answer: str) -> bool:
    """Whether a function's answer is what Lambda gives when the handler raised, or ran out of time or memory.

    aws-sam-cli prints it and ends with 0 all the same.
    """
    lines = answer.strip().splitlines()
    try:
        last = json.loads(lines[-1]) if lines else None
    except ValueError:
        # Not even JSON: the runtime's own words.
        return "Task timed out" in lines[-1]
    return isinstance(last, dict) and "errorType" in last


def _credentials() -> Mapping[str, str]:
    """moto's; SAM hands its own on to the function, and a real account's have no business there."""
    return {name: value for name, value in aws_environment("").items() if name != "AWS_ENDPOINT_URL"}


def _bridge() -> str:
    """This machine's address on Docker's bridge, where containers reach it."""
    asked = subprocess.run(
        ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise StackError(f"no Docker engine answers: {asked.stderr.strip()}")
    return asked.stdout.strip() or "172.17.0.1"


def relay(address: str, port: int) -> socket.socket:
    """Listens at `address` and passes each connection on to the same port of 127.0.0.1, until it is closed."""
    server = socket.create_server((address, port))

    def take() -> None:
        with suppress(OSError):  # closed
            while True:
                caller, _ = server.accept()
                threading.Thread(target=_connect, args=(caller, port), daemon=True).start()

    threading.Thread(target=take, daemon=True).start()
    return server


def _connect(caller: socket.socket, port: int) -> None:
    with caller, suppress(OSError), socket.create_connection(("127.0.0.1", port)) as called:
        back = threading.Thread(target=_pass_on, args=(called, caller), daemon=True)
        back.start()
        _pass_on(caller, called)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main())
