"""`python -m tools deploy-check`: the steps one after the other, each told in a line."""

from __future__ import annotations

import resource
import sys
import time

import click

from local.stack.lifetime import heed_signals
from local.stack.processes import StackError
from tools.deploy_check.sandbox import Failed, Sandbox, end_of, sandbox
from tools.deploy_check.steps import STEPS, Step


@click.command(name="deploy-check")
def deploy_check() -> None:
    """Deploys what was built into an emulator of AWS, uses it, changes it, removes it, and deploys it again.

    With the real SAM CLI, and with permissions enforced. Exit status 1 where a step came out otherwise than it should;
    2 where the check could not be made.
    """
    heed_signals()
    began = time.monotonic()
    try:
        with sandbox() as place:
            _tell("ok", "emulators", time.monotonic() - began, f"of AWS at {place.aws_url}, of the provider")
            passed = all(_passes(name, step, place) for name, step in STEPS.items())
    except StackError as error:
        print(f"deploy-check: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = time.process_time() + children.ru_utime + children.ru_stime
    print(f"deploy-check: {'passed' if passed else 'failed'} in {time.monotonic() - began:.0f} s ({used:.0f} s of CPU)")
    sys.exit(not passed)


def _passes(name: str, step: Step, place: Sandbox) -> bool:
    """Takes a step, and tells how it came out."""
    began = time.monotonic()
    try:
        seen = step(place)
    except Failed as failed:
        _tell("FAIL", name, time.monotonic() - began, str(failed))
        print(f"{end_of(failed.log)}\n--- the emulator of AWS, and functions in it\n{place.trouble()}")
        return False
    _tell("ok", name, time.monotonic() - began, seen)
    return True


def _tell(mark: str, name: str, seconds: float, seen: str) -> None:
    print(f"{mark:<4}  {name:<15} {seconds:>6.1f} s  {seen}", flush=True)
