"""The whole stack on this machine: moto with the template deployed, and the provider's emulator, as processes.

`local_stack()` gives one of one's own, for as long as the `with` block; `up()` keeps one until it is interrupted, and
`attach()` works on that one from another process.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from pydantic import BaseModel, ConfigDict, ValidationError

from local.stack.deployment import Deployment, deploy
from local.stack.lifetime import heed_signals
from local.stack.moto.server import READY as MOTO_READY
from local.stack.processes import PROJECT, Server, StackError, server

TEMPLATE = PROJECT / "template.yaml"
BUILD = PROJECT / "build"
ENVIRONMENT_FILE = "local-env.json"
STACK_FILE = "local-stack.json"
EMULATOR_READY = "emulator listening on "
API_PATH = "/api/call.cgi"
ANSWER_TIMEOUT_S = 5.0
WATCH_S = 0.5

__all__ = ["LocalStack", "StackError", "attach", "emulator", "local_stack", "moto_server", "up"]


class LocalStack(BaseModel):
    """Where everything is: moto with the deployed stack, and the provider's emulator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    moto_url: str
    emulator_url: str
    """The emulator's API, as in `http://127.0.0.1:8053/api/call.cgi`."""
    deployment: Deployment

    @property
    def emulator_base_url(self) -> str:
        """What the emulator's endpoints for tests begin with: `<this>/_emulator/state` and so on."""
        return self.emulator_url.removesuffix(API_PATH)


@dataclass(frozen=True)
class _Running:
    stack: LocalStack
    servers: tuple[Server, ...]


def _moto(port: int = 0) -> AbstractContextManager[Server]:
    return server("moto", "local.stack.moto.server", ["--port", str(port)], ready=MOTO_READY)


def _emulator(port: int = 0, arguments: Sequence[str] = ()) -> AbstractContextManager[Server]:
    return server("the emulator", "local.emulator", ["--port", str(port), *arguments], ready=EMULATOR_READY)


@contextmanager
def moto_server(port: int = 0) -> Iterator[str]:
    """Runs moto alone, in a process of its own, and gives its URL. Port 0: any that is free."""
    with _moto(port) as moto:
        yield moto.url()


@contextmanager
def emulator(arguments: Sequence[str] = (), port: int = 0) -> Iterator[str]:
    """Runs the provider's emulator alone, in a process of its own, and gives the URL of its API."""
    with _emulator(port, arguments) as provider:
        yield provider.url()


@contextmanager
def _running(
    parameters: Mapping[str, str] | None,
    emulator_arguments: Sequence[str],
    moto_port: int,
    emulator_port: int,
    template: Path,
) -> Iterator[_Running]:
    with _moto(moto_port) as moto, _emulator(emulator_port, emulator_arguments) as provider:
        yield _Running(_deployed(moto.url(), provider.url(), parameters, template), (moto, provider))


def _deployed(moto_url: str, emulator_url: str, parameters: Mapping[str, str] | None, template: Path) -> LocalStack:
    values = {"Endpoint": emulator_url, **(parameters or {})}
    deployment = deploy(template, endpoint_url=moto_url, parameters=values)
    return LocalStack(moto_url=moto_url, emulator_url=emulator_url, deployment=deployment)


@contextmanager
def stack_in_process(
    parameters: Mapping[str, str] | None = None, *, emulator_arguments: Sequence[str] = ()
) -> Iterator[LocalStack]:
    """Deploys the template into a moto in this process, which no other can reach, and starts an emulator for it.

    For a run, which needs nobody else. Raises `StackError` when the emulator does not start.
    """
    # Imported here: whoever serves or attaches should not wait for it.
    from local.stack.moto.in_process import moto_in_process  # noqa: PLC0415

    with moto_in_process() as moto_url, _emulator(0, emulator_arguments) as provider:
        yield _deployed(moto_url, provider.url(), parameters, TEMPLATE)


@contextmanager
def local_stack(
    parameters: Mapping[str, str] | None = None,
    *,
    emulator_arguments: Sequence[str] = (),
    moto_port: int = 0,
    emulator_port: int = 0,
    template: Path = TEMPLATE,
) -> Iterator[LocalStack]:
    """Starts moto and the emulator, deploys the template, and stops both at the end of the block.

    `parameters` are the template's; `Endpoint` is the emulator's unless given. Port 0: any that is free. Raises
    `StackError` when a process does not start, with what it said, and `DeploymentError` for the template's mistakes.
    """
    with _running(parameters, emulator_arguments, moto_port, emulator_port, template) as running:
        yield running.stack


def up(
    parameters: Mapping[str, str] | None = None,
    *,
    emulator_arguments: Sequence[str] = (),
    moto_port: int = 0,
    emulator_port: int = 0,
    template: Path = TEMPLATE,
    build: Path = BUILD,
) -> None:
    """Keeps a stack up until Ctrl-C or SIGTERM, and says what runs where and how to use it.

    Writes `local-env.json`, for `sam local invoke --env-vars`, and `local-stack.json`, for `attach()`, into `build`;
    the second one is removed at the end. Raises `StackError` if one is up already, and when a server dies.
    """
    _refuse_a_second(build)
    heed_signals()
    build.mkdir(parents=True, exist_ok=True)
    with ExitStack() as cleanup:
        running = cleanup.enter_context(_running(parameters, emulator_arguments, moto_port, emulator_port, template))
        stack_file, environment_file = build / STACK_FILE, build / ENVIRONMENT_FILE
        deployment = running.stack.deployment
        environments = {function: deployment.environment(function) for function in sorted(deployment.functions)}
        environment_file.write_text(json.dumps(environments, indent=2) + "\n", encoding="utf-8")
        cleanup.callback(stack_file.unlink, missing_ok=True)
        stack_file.write_text(running.stack.model_dump_json(indent=2) + "\n", encoding="utf-8")
        print(_description(running.stack, environment_file), flush=True)
        _wait(running.servers)


def attach(build: Path = BUILD) -> LocalStack:
    """The stack that `up()` keeps in another process. Raises `StackError` if there is none, or it does not answer."""
    try:
        stack = LocalStack.model_validate_json((build / STACK_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError) as error:
        raise StackError("no stack is up: run `make up` in another terminal") from error
    for name, url in (("moto", stack.moto_url), ("the emulator", stack.emulator_base_url)):
        if not _answers(url):
            raise StackError(f"no stack is up: {name} does not answer at {url}; run `make up` in another terminal")
    return stack


def _refuse_a_second(build: Path) -> None:
    try:
        stack = attach(build)
    except StackError:
        return
    raise StackError(f"a stack is up already, with moto at {stack.moto_url}: end that one first")


def _answers(url: str) -> bool:
    try:
        requests.get(f"{url}/", timeout=ANSWER_TIMEOUT_S)
    except requests.RequestException:
        return False
    return True


def _wait(servers: Sequence[Server]) -> None:
    try:
        while True:
            time.sleep(WATCH_S)
            for one in servers:
                one.check()
    except KeyboardInterrupt:
        print("\nstopped")


def _description(stack: LocalStack, environment_file: Path) -> str:
    deployment = stack.deployment
    outputs = "\n".join(f"  {name:<30} {value}" for name, value in deployment.outputs.items())
    shown = environment_file.relative_to(PROJECT) if environment_file.is_relative_to(PROJECT) else environment_file
    credentials = "AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_DEFAULT_REGION=" + deployment.region
    return f"""\
The stack {deployment.stack_name} is up; Ctrl-C ends it, and all that is in it.

  AWS (moto)                     {stack.moto_url}
  provider (emulator)            {stack.emulator_url}
{outputs}

Upload a list:       {credentials} \\
                     aws --endpoint-url {stack.moto_url} s3 cp LIST s3://{deployment.lists_bucket}/wanted/
Run the pipeline:    make run ARGS="--attach"
Invoke a function:   make invoke FUNCTION=PlanSubmissions EVENT=events/plan_submissions.json ENV={shown}"""
