"""What a check says, and how the result is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from ops.faults import aws_in_words
from ops.screen import plain, row, table


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARNING = "warning"
    """It works, and may not be what was meant."""
    FAULT = "fault"
    """Something does not work until a person acts."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    told: str
    """What was seen."""
    advice: str = ""
    """What to do, where something is to be done."""


def ok(name: str, told: str) -> Check:
    return Check(name, Verdict.OK, told)


def warning(name: str, told: str, advice: str = "") -> Check:
    return Check(name, Verdict.WARNING, told, advice)


def fault(name: str, told: str, advice: str) -> Check:
    return Check(name, Verdict.FAULT, told, advice)


@dataclass(frozen=True)
class Diagnosis:
    """All checks of one call."""

    of: str
    stage: str
    checks: tuple[Check, ...]

    @property
    def is_healthy(self) -> bool:
        return all(check.verdict is not Verdict.FAULT for check in self.checks)


def looked(name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """The checks that `look` makes; one that says so, where AWS does not let it be looked at."""
    try:
        yield from look()
    except (ClientError, BotoCoreError) as error:
        yield warning(name, f"not looked at: {aws_in_words(error)}")


_STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAULT: "bold red"}


def render(diagnosis: Diagnosis, console: Console) -> None:
    """Puts the checks on the screen, in the order in which they were made, and the count at the end."""
    live = diagnosis.stage == "live"
    stage = "LIVE: orders cost money" if live else "test: no money"
    console.print(plain(f"{diagnosis.of}  [{stage}]", "bold red" if live else "bold"))
    console.print()
    made = table("", "", "", "")
    for check in diagnosis.checks:
        told = plain(check.told)
        if check.advice:
            told.append(f"\n→ {check.advice}", style="bold")
        row(made, plain(check.verdict, _STYLES[check.verdict]), check.name, told)
    console.print(made)
    counts = Counter(check.verdict for check in diagnosis.checks)
    console.print()
    console.print(plain(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) + "."))
