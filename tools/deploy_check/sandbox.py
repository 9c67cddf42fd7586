"""Where the check takes place: both emulators, a folder for all that is written, and programs that see nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import yaml

from local.stack.lifetime import end_with_parent
from local.stack.local_stack import emulator
from local.stack.processes import PROJECT, Server, StackError, server
from tools.deploy_check.gaps import Template, for_the_emulator
from tools.deploy_check.server import CERTIFICATES, READY

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

BUILT: Final = PROJECT / ".aws-sam" / "build"
SAM: Final = PROJECT / "build" / "sam" / "bin" / "sam"
CHECK_PYTHON: Final = PROJECT / "build" / "deploy-check" / "bin" / "python"
FUNCTIONS_PYTHON: Final = PROJECT / "build" / "runtime" / "bin" / "python"
REGION: Final = "eu-central-1"
_ROOT: Final = "test"
"""The emulator's account without limits, both key and secret."""
LONGEST_SECONDS: Final = 180.0
"""Of one program: far longer than any takes."""
LINES: Final = 30
"""Of a log, shown where a step failed."""
WIDTH: Final = 400
"""Characters of each, at both ends: a function's line ends in the error."""
TROUBLE: Final = re.compile(r"(?!.*\[asyncio\]).*(ERROR|CRITICAL|[Dd]enied|not authorized)")
"""Lines of the emulator's log that tell why a step failed; asyncio's are of connections that callers left open."""


class Failed(Exception):
    """A step did not come out as it should; the message says what was seen. `log`: of the program that was run."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True)
class Said:
    """What a program wrote, and how it ended."""

    status: int
    text: str


@dataclass(frozen=True)
class Sandbox:
    """Both emulators at work. `folder` holds whatever anybody writes."""

    folder: Path
    aws: Server
    aws_url: str
    provider_url: str

    @property
    def environment(self) -> dict[str, str]:
        """What programs see: the emulator's address, its root account, and nothing of this machine's settings."""
        return {
            **_nothing_of_this_machine(self.folder),
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_CA_BUNDLE": str(self.folder / CERTIFICATES),
            "AWS_ACCESS_KEY_ID": _ROOT,
            "AWS_SECRET_ACCESS_KEY": _ROOT,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_POLL_DELAY": "1",  # second between two looks at a deployment, instead of five
            "SAM_CLI_TELEMETRY": "0",
        }

    @property
    def template(self) -> Path:
        return self.folder / "template.yaml"

    def write_template(self, creation: int, extra: Mapping[str, Any] | None = None) -> None:
        """Writes what was built, changed for the emulator, with `extra` resources; `creation` counts its stacks."""
        built: Template = yaml.safe_load((BUILT / "template.yaml").read_text(encoding="utf-8"))
        template = for_the_emulator(built, BUILT, creation)
        template["Resources"] |= extra or {}
        self.template.write_text(yaml.safe_dump(template, sort_keys=False), encoding="utf-8")

    def run(self, *command: str | Path, answers: str = "") -> Said:
        """Runs a program to its end; `answers` are what a person would type. Raises Failed if it takes too long."""
        try:
            done = subprocess.run(
                command,
                cwd=PROJECT,
                env=self.environment,
                input=answers,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
                preexec_fn=end_with_parent,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"no end within {LONGEST_SECONDS:.0f} s", str(error.output or "")) from None
        return Said(done.returncode, done.stdout)

    def sam(self, command: str, *arguments: str, answers: str = "") -> Said:
        """Runs the SAM CLI, with the settings of a fresh clone until `--guided` has written others over them."""
        settings = ["--config-file", str(self.folder / "samconfig.toml")]
        return self.run(SAM, command, *settings, *arguments, answers=answers)

    def deploy(self, *arguments: str, answers: str = "") -> Said:
        """Runs `sam deploy` of the template."""
        return self.sam("deploy", "--template-file", str(self.template), *arguments, answers=answers)

    def ops(self, *arguments: str) -> Said:
        """Runs the project's own `python -m ops`."""
        return self.run(sys.executable, "-m", "ops", *arguments)

    def client(self, service: Any) -> Any:
        """A client of one of the emulator's services, as its root."""
        return boto3.client(
            service,
            endpoint_url=self.aws_url,
            verify=str(self.folder / CERTIFICATES),
            region_name=REGION,
            aws_access_key_id=_ROOT,
            aws_secret_access_key=_ROOT,
        )

    def stack(self, name: str) -> StackTypeDef:
        """The stack as CloudFormation describes it."""
        described: StackTypeDef = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return described

    def outputs(self, name: str) -> dict[str, str]:
        """The stack's outputs."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack(name)["Outputs"]}

    def trouble(self) -> str:
        """What the emulator of AWS wrote of its own faults and of the functions'; without any, the end of all."""
        log = self.aws.log()
        return end_of("\n".join(line for line in log.splitlines() if TROUBLE.match(line)) or log)


def missing() -> Path | None:
    """What the check needs and is not there."""
    needed = (CHECK_PYTHON, FUNCTIONS_PYTHON, SAM, BUILT / "template.yaml")
    return next((path for path in needed if not path.exists()), None)


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Starts both emulators, and ends them, with all that was written. Raises StackError where that cannot be."""
    if (needed := missing()) is not None:
        raise StackError(f"there is no {needed.relative_to(PROJECT)}: `make deploy-check` makes it")
    with (
        tempfile.TemporaryDirectory(prefix="deploy-check-", ignore_cleanup_errors=True) as name,
        server(
            "the emulator of AWS",
            "tools.deploy_check.server",
            ["--folder", name, "--functions", str(FUNCTIONS_PYTHON)],
            ready=READY,
            python=CHECK_PYTHON,
            environment=_nothing_of_this_machine(Path(name)) | {"MINISTACK_REGION": REGION},
        ) as aws,
        emulator() as provider_url,
    ):
        folder = Path(name)
        shutil.copy(PROJECT / "samconfig.example.toml", folder / "samconfig.toml")
        yield Sandbox(folder, aws, aws.url(), provider_url)


def end_of(log: str) -> str:
    """The last lines of a log, and of a long line both ends."""
    lines = log.strip().splitlines()[-LINES:]
    return "\n".join(line if len(line) <= 2 * WIDTH else f"{line[:WIDTH]} … {line[-WIDTH:]}" for line in lines)


def as_json(said: Said) -> Any:
    """What a program wrote as JSON. Raises Failed where it is none."""
    try:
        return json.loads(said.text)
    except ValueError:
        raise Failed(f"no JSON, and exit status {said.status}", said.text) from None


def _nothing_of_this_machine(folder: Path) -> dict[str, str]:
    """Variables that lead to `folder`, and to no setting, account or proxy of whoever runs the check."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder)}
