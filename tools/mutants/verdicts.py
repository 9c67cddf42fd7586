"""What became of each planted bug, and whether that is good enough."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

ENOUGH = 0.92
"""Share of the mutants that the tests have to kill, of those that change anything."""

CANNOT_BE_PLANTED = "AttributeError: 'PythonNode' object has no attribute 'value'"
"""What cosmic-ray ends with where an `except` names an exception with a dot."""


class Verdict(Enum):
    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Changes of a line that change nothing, and why. Both are regular expressions for the whole line."""

    line: str
    reason: str
    becomes: str = ".*"

    def covers(self, mutant: Mutant) -> bool:
        return bool(re.fullmatch(self.line, mutant.line) and re.fullmatch(self.becomes, mutant.becomes))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug: where it was, what the line was and became, without its indent."""

    file: str
    number: int
    line: str
    becomes: str
    killed: bool

    def verdict(self, equivalents: Iterable[Equivalent]) -> Verdict:
        if self.killed:
            return Verdict.KILLED
        return Verdict.EQUIVALENT if any(each.covers(self) for each in equivalents) else Verdict.SURVIVED


def read_session(dump: str) -> Iterator[Mutant]:
    """The mutants of `cosmic-ray dump`: a line of JSON each, a work item and its result.

    Raises ValueError for one without a result, or whose test run broke.
    """
    for line in dump.splitlines():
        item, result = json.loads(line)
        if result is None:
            raise ValueError(f"no result for {item['mutations'][0]}: the session is not complete")
        if result["worker_outcome"] in ("skipped", "no-test"):
            continue  # not to be planted, or nothing that could be
        if result["worker_outcome"] == "exception" and CANNOT_BE_PLANTED in result["output"]:
            continue
        if result["worker_outcome"] == "exception":
            raise ValueError(f"the tests could not be run with {item['mutations'][0]}: {result['output']}")
        yield _mutant(item["mutations"][0], result)


def _mutant(mutation: dict[str, Any], result: dict[str, Any]) -> Mutant:
    changes = [line for line in result["diff"].splitlines() if not line.startswith(("---", "+++"))]
    before = [line[1:].strip() for line in changes if line.startswith("-")]
    after = [line[1:].strip() for line in changes if line.startswith("+")]
    return Mutant(
        mutation["module_path"],
        mutation["start_pos"][0],
        " ".join(before),
        " ".join(after),
        killed=result["test_outcome"] != "survived",
    )


def report(mutants: Sequence[Mutant], equivalents: Sequence[Equivalent]) -> Iterator[str]:
    """What survived, line by line, what was passed over as equivalent, and the share that was killed."""
    verdicts = [(mutant, mutant.verdict(equivalents)) for mutant in mutants]
    for mutant, verdict in verdicts:
        if verdict is not Verdict.KILLED:
            yield f"{mutant.file}:{mutant.number}: {verdict.value}\n  - {mutant.line}\n  + {mutant.becomes}"
    count = {verdict: sum(given is verdict for _, given in verdicts) for verdict in Verdict}
    yield (
        f"{len(mutants)} mutants: {count[Verdict.KILLED]} killed, {count[Verdict.SURVIVED]} survived, "
        f"{count[Verdict.EQUIVALENT]} equivalent; {share_killed(mutants, equivalents):.1%} killed (asked: {ENOUGH:.0%})"
    )


def share_killed(mutants: Iterable[Mutant], equivalents: Sequence[Equivalent]) -> float:
    """Of the mutants that change anything."""
    verdicts = [mutant.verdict(equivalents) for mutant in mutants]
    relevant = [verdict for verdict in verdicts if verdict is not Verdict.EQUIVALENT]
    return sum(verdict is Verdict.KILLED for verdict in relevant) / len(relevant) if relevant else 1.0
