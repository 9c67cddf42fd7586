"""What is said of planted bugs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.stack.processes import PROJECT
from tools.mutants.command import KNOWN, OLD, SOURCES
from tools.mutants.tester import ADDRESS, READY
from tools.mutants.verdicts import CANNOT_BE_PLANTED, Equivalent, Mutant, Verdict, read_session, report, share_killed

DIFF = (
    "--- mutation diff ---\n--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n def f():\n-    return a < b\n+    return a <= b\n"
)


def an_item(outcome: str = "survived", worker: str = "normal", diff: str = DIFF) -> str:
    mutation = {"module_path": "x.py", "operator_name": "core/x", "occurrence": 0, "start_pos": [7, 4]}
    result = {"worker_outcome": worker, "test_outcome": outcome, "diff": diff, "output": "said"}
    return json.dumps([{"job_id": "1", "mutations": [mutation]}, result])


def a_mutant(line: str = "a < b", becomes: str = "a <= b", *, killed: bool = False) -> Mutant:
    return Mutant("x.py", 7, line, becomes, killed)


def test_a_mutant_is_its_line_and_what_it_became() -> None:
    assert list(read_session(an_item())) == [a_mutant("return a < b", "return a <= b")]


@pytest.mark.parametrize("outcome", ["killed", "incompetent"])
def test_what_the_tests_or_python_refuse_is_killed(outcome: str) -> None:
    assert [mutant.killed for mutant in read_session(an_item(outcome))] == [True]


@pytest.mark.parametrize("worker", ["skipped", "no-test"])
def test_what_the_filter_skipped_or_could_not_be_planted_is_no_mutant(worker: str) -> None:
    assert list(read_session(an_item(worker=worker))) == []


def test_tests_that_could_not_be_run_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="could not be run"):
        list(read_session(an_item(worker="exception")))
    dotted = an_item(worker="exception").replace('"said"', json.dumps(f"Traceback\n{CANNOT_BE_PLANTED}\n"))
    assert list(read_session(dotted)) == []
    unfinished: list[Any] = [json.loads(an_item())[0], None]
    with pytest.raises(ValueError, match="not complete"):
        list(read_session(json.dumps(unfinished)))


def test_an_equivalent_mutant_is_named_by_its_line_and_what_it_becomes() -> None:
    named = [Equivalent("a < b", "both give b", "a <= b")]
    assert a_mutant().verdict(named) is Verdict.EQUIVALENT
    assert a_mutant(becomes="a > b").verdict(named) is Verdict.SURVIVED
    assert a_mutant(becomes="a > b").verdict([Equivalent("a < b", "never read")]) is Verdict.EQUIVALENT
    assert a_mutant(killed=True).verdict(named) is Verdict.KILLED
    assert a_mutant("x is State.HELD").verdict([Equivalent(r".* is State\.\w+", "one object")]) is Verdict.EQUIVALENT
    assert a_mutant("a < b:").verdict(named) is Verdict.SURVIVED


def test_the_share_is_of_those_that_change_something() -> None:
    named = [Equivalent("same", "the same")]
    mutants = [a_mutant(killed=True), a_mutant(killed=True), a_mutant(), a_mutant("same", "still the same")]
    assert share_killed(mutants, named) == pytest.approx(2 / 3)
    *shown, last = report(mutants, named)
    assert [line.splitlines()[0] for line in shown] == ["x.py:7: survived", "x.py:7: equivalent"]
    assert last == "4 mutants: 2 killed, 1 survived, 1 equivalent; 66.7% killed (asked: 92%)"
    assert share_killed([], named) == 1


def test_every_module_and_its_tests_are_there() -> None:
    for module, tests in KNOWN["modules"].items():
        assert module.startswith(SOURCES)
        assert all((PROJECT / path).exists() for path in (module, *tests)), module
    assert all(each["reason"] for each in KNOWN["equivalent"])


def test_the_tests_run_anew_for_each_mutant_and_what_loops_for_ever_is_ended(tmp_path: Path) -> None:
    module, test = tmp_path / "thing.py", tmp_path / "test_thing.py"
    module.write_text("def worth() -> int:\n    return 1\n")
    os.utime(module, (OLD, OLD))
    test.write_text("from thing import worth\n\n\ndef test_thing() -> None:\n    assert worth() == 1\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"}

    def passes(becomes: str) -> bool:
        module.write_text(f"def worth() -> int:\n    {becomes}\n")
        asked = [sys.executable, "-I", "-S", str(PROJECT / "tools/mutants/asked.py"), ADDRESS]
        return subprocess.run(asked, cwd=tmp_path, check=False).returncode == 0

    command = [sys.executable, "-m", "tools.mutants.tester", "-q", "-p", "no:hypothesispytest", "test_thing.py"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as tester:
        assert tester.stdout is not None
        assert tester.stdout.readline().strip() == READY
        given = [passes(each) for each in ("return 1", "return 2", "return 0 + 1", "while True: pass", "return 1")]
        tester.terminate()
    assert given == [True, False, True, False, True]
