"""`python -m local run`, as its user calls it: processes, exit statuses, files, and what is on the screen."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.__main__ import start
from local.stack.control import Control
from local.stack.local_stack import STACK_FILE, LocalStack
from tests.factories import usd
from tests.integration.runs import Ran, Run

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "local" / "samples" / "wanted.txt"
FINAL = {"SUCCESSFUL", "FAILED", "AUCTION_WON", "AUCTION_LOST", "REJECTED", "MISSED", "CANCELLED", "VANISHED"}
INVARIANTS = {
    "entries_accounted",
    "ordered_once",
    "none_lost",
    "in_time",
    "funded",
    "ledger_balances",
    "refunds_complete",
    "nobody_elses",
    "others_unharmed",
    "dates_ranked",
    "last_word",
    "auctions_told",
    "sums_equal_postings",
}
START = "2026-11-27T06:00:00Z"
DROP = "2026-11-27"
"""A short run: in the middle of the lock, hours before the drop."""


def launch(command: Sequence[str], tmp_path: Path, *arguments: str | Path, status: int = 0, out: str = "out") -> Ran:
    done = subprocess.run(
        [sys.executable, *command, *map(str, arguments), "--out", str(tmp_path / out)],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1200,  # for a busy machine: it ends what hangs
        check=False,
    )
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return Ran(done.returncode, done.stdout, done.stderr, tmp_path / out)


def a_list(tmp_path: Path, number: int = 4, *, name: str = "names.csv", zone: str = "com") -> Path:
    file = tmp_path / name
    file.write_text("domain,drop date\n" + "".join(f"name{one}.{zone},{DROP}\n" for one in range(number)))
    return file


def holds(ran: Ran) -> dict[str, Any]:
    """The summary of a run after which every promise holds, and every backorder is final."""
    summary = ran.summary
    assert summary["invariants"] == dict.fromkeys(INVARIANTS, True)
    assert set(summary["backorders"]) <= FINAL
    assert summary["provider"]["duplicate_applications"] == 0
    return summary


def lists_of(ran: Ran) -> dict[str, dict[str, Any]]:
    """What became of each list, by the name that it was given."""
    return {record["name"]: record for record in holds(ran)["lists"]}


# A whole life


def test_the_sample_lives_its_whole_life(tmp_path: Path) -> None:
    ran = launch(["-m", "local", "run", "--store", "memory"], tmp_path)
    summary = holds(ran)

    assert set(summary) == {
        "lists",
        "backorders",
        "account",
        "findings",
        "provider",
        "invariants",
        "seed",
        "start",
        "end",
        "store",
    }
    (record,) = summary["lists"]
    assert set(record) == {
        *("name", "source", "encoding"),
        *("entries", "rejected", "not_selected", "duplicates", "accepted"),
    }
    assert record["name"].endswith("samples/wanted.txt")
    counts = {name: record[name] for name in ("entries", "rejected", "not_selected", "duplicates", "accepted")}
    assert counts == {"entries": 54, "rejected": 5, "not_selected": 0, "duplicates": 1, "accepted": 48}
    # Nothing went wrong: what is told is what the zones of some names ask for, and which lost names are free.
    assert {finding["kind"] for finding in summary["findings"]} == {"application_incomplete", "name_still_free"}
    assert set(summary["provider"]) == {"calls", "faults", "applications", "duplicate_applications"}
    assert (summary["seed"], summary["store"]) == (1, "memory")
    assert summary["start"].endswith("T00:00:00Z")

    states = Counter(summary["backorders"])
    assert sum(states.values()) == 48
    assert states["REJECTED"] == 3
    assert states["SUCCESSFUL"] > 0
    assert states["FAILED"] > 0
    assert summary["provider"]["applications"] == 45
    assert summary["provider"]["calls"]["AddDomainApplication"] == 48

    account = {name: usd(amount) for name, amount in summary["account"].items() if name != "currency"}
    assert set(account) == {
        "opening",
        "closing",
        "paid_in",
        "deposited",
        "refunded",
        "charged",
        "other",
        "reserved",
        "unexplained",
    }
    won = states["SUCCESSFUL"] + states["AUCTION_WON"]
    assert account["deposited"] == 45 * usd("69.00")
    assert account["charged"] == won * usd("69.00") > 0
    assert account["refunded"] == (45 - won) * usd("69.00") > 0
    assert account["closing"] == account["opening"] - account["charged"]
    assert account["reserved"] == account["unexplained"] == 0

    backorders = ran.table("backorders.csv")
    assert len(backorders) == 48
    assert list(backorders[0])[:12] == [
        "domain",
        "zone",
        "state",
        "priority",
        "fee",
        "deadline",
        "deadline_known",
        "dated_by",
        "submitted_at",
        "application",
        "list",
        "line",
    ]
    assert Counter(row["state"] for row in backorders) == states
    assert {row["list"] for row in backorders} == {record["name"]}
    assert all((row["application"] == "") == (row["zone"] == "de") for row in backorders)

    rejects = ran.table("rejects.csv")
    assert list(rejects[0]) == ["list", "line", "text", "reason"]
    assert [row["text"].lstrip("'") for row in rejects] == [
        "john_doe.com",
        "-leadinghyphen.net",
        "co.uk",
        "192.0.2.17",
        '=HYPERLINK("x")',
    ]
    assert all(row["reason"] and row["list"] == record["name"] for row in rejects)
    lines = SAMPLE.read_text().splitlines()
    assert [lines[int(row["line"]) - 1] for row in rejects] == [row["text"].lstrip("'") for row in rejects]

    ledger = ran.table("ledger.csv")
    held: Counter[str] = Counter()
    for row in ledger:
        cents = int(usd(row["amount"]) * 100)
        assert cents > 0
        held[row["from"]] -= cents
        held[row["to"]] += cents
    assert sum(held.values()) == 0
    assert held["balance"] + held["reserved"] == int(account["closing"] * 100)
    assert len({row["key"] for row in ledger}) == len(ledger)
    assert Counter(row["kind"] for row in ledger)["deposit"] == 45
    assert len(ran.table("findings.csv")) == len(summary["findings"])

    assert f"All {len(INVARIANTS)} invariants hold." in ran.screen
    assert "is free at the ordinary price" in ran.line
    assert "test.passw0rd" not in "".join(file.read_text() for file in ran.out.iterdir()) + ran.screen + ran.errors


def test_a_run_can_be_repeated(tmp_path: Path) -> None:
    names = a_list(tmp_path)
    undated = tmp_path / "undated.txt"  # they drop on days that the seed chooses
    undated.write_text("other1.com\nother2.com\n")
    run = ["-m", "local", "run", "--store", "memory", "--list", str(names), "--list", str(undated), "--start", START]
    run += ["--seed", "7", "--win-rate", "0.5", "--faults", "mild", "--days", "2"]
    first, second = launch(run, tmp_path), launch(run, tmp_path, out="again")
    assert first.summary == second.summary
    assert first.summary["backorders"]["SUCCESSFUL"] > 0
    for name in ("summary.json", "backorders.csv", "ledger.csv", "findings.csv", "won.csv"):
        assert (first.out / name).read_bytes() == (second.out / name).read_bytes(), name


def test_a_list_uploaded_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path)
    summary = holds(run("--list", names, "--list", f"{names}@1", "--start", START))
    assert [(record["accepted"], record["duplicates"]) for record in summary["lists"]] == [(4, 0), (0, 4)]
    assert {record["name"] for record in summary["lists"]} == {str(names)}
    assert summary["provider"]["applications"] == 4
    assert summary["provider"]["calls"]["AddDomainApplication"] == 4
    assert sum(summary["backorders"].values()) == 4


def test_without_days_a_plan_is_all_that_is_made(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path)
    ran = run("--list", names, "--start", START, "--days", "0", "--balance", "150")
    summary = ran.summary
    assert summary["provider"]["calls"] == {"StatusAccount": 1}
    assert summary["backorders"] == {"HELD": 2, "SELECTED": 2}
    assert summary["invariants"] == dict.fromkeys(INVARIANTS, True)
    assert summary["start"] == summary["end"] == START
    assert "Pay in 126.00 USD before" in ran.line
    assert "1 call to the provider (0 with a fault), 0 applications" in ran.line
    assert ran.table("ledger.csv") == []


def test_a_number_of_days_stops_there(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path)
    summary = run("--list", names, "--start", "2026-11-20", "--days", "1").summary
    assert summary["end"] == "2026-11-21T00:00:00Z"
    assert summary["backorders"] == {"REQUESTED": 4}
    assert all(summary["invariants"].values())


def test_what_was_to_come_after_the_end_is_told(run: Run, tmp_path: Path) -> None:
    early, late = a_list(tmp_path, name="early.csv"), a_list(tmp_path, name="late.csv")
    ran = run("--list", early, "--list", f"{late}@1", "--pay-in", "5.00@2", "--start", START, "--days", "0")
    assert [record["name"] for record in ran.summary["lists"]] == [str(early)]
    assert f"Not reached before the end: the list {late} on day 1, 5.00 paid in on day 2." in ran.line


def test_what_stands_in_brackets_is_shown_on_the_screen(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path, 1, name="[bold] names.csv", zone="se")
    ran = run("--list", names, "--start", "2026-11-20", "--days", "1")
    assert "put it into [provider.zones.se] of rules.toml" in ran.line
    assert "[bold]" in ran.screen


def test_empty_and_binary_files_and_no_lists_are_told_and_stop_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "blob.bin").write_bytes(bytes(range(256)) * 8)
    files = (tmp_path / "empty.txt", tmp_path / "blob.bin", a_list(tmp_path))
    ran = run(*(part for file in files for part in ("--list", file)), "--start", START)
    empty, binary, good = (lists_of(ran)[str(file)] for file in files)
    assert (empty["entries"], empty["accepted"]) == (0, 0)
    assert (binary["entries"], binary["rejected"]) == (1, 1)
    assert good["accepted"] == 4
    assert "empty" in ran.screen
    (reject,) = ran.table("rejects.csv")
    assert reject["list"] == str(files[1])
    assert "binary" in reject["reason"]


# Money


def test_what_is_not_covered_is_held_and_the_user_is_told_how_much_by_when(run: Run, tmp_path: Path) -> None:
    ran = run("--list", a_list(tmp_path, 8), "--start", START, "--balance", "200")
    summary = holds(ran)
    assert summary["backorders"]["MISSED"] == 6
    missed = [row for row in ran.table("backorders.csv") if row["state"] == "MISSED"]
    assert {row["reason"] for row in missed} == {"unfunded"}
    assert {row["application"] for row in missed} == {""}
    told = ran.line.partition("Pay in ")[2]
    amount, currency, before = told.split()[:3]
    assert (currency, before) == ("USD", "before")
    assert usd(amount) == 8 * usd("69.00") - 200
    assert "UTC, or" in told
    assert Decimal(summary["account"]["closing"]) >= 0


@pytest.mark.parametrize("days", ["0", "1"])
def test_what_names_without_a_date_wait_for_is_told_too(run: Run, tmp_path: Path, days: str) -> None:
    names = tmp_path / "names.txt"
    names.write_text("quartz.com\nrubble.com\nscree.com\ntalus.com\n")
    ran = run("--list", names, "--start", START, "--days", days, "--balance", "150", "--seed", "5")
    assert ran.summary["backorders"]["HELD"] == 2
    assert "without one, 2 wait for 126.00 USD more" in ran.line
    assert "Nothing needs doing" not in ran.line


def test_what_is_paid_in_is_used(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path)
    short = ("--list", names, "--start", "2026-11-22", "--balance", "140.00", "--win-rate", "1", "--auction-rate", "0")
    summary = holds(run(*short, "--pay-in", "70.00@1", "--pay-in", "69@2"))
    assert summary["account"]["paid_in"] == "139.00"
    assert summary["account"]["closing"] == "3.00"
    assert summary["backorders"] == {"SUCCESSFUL": 4}


def test_amounts_are_in_the_accounts_currency_and_gross(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path)
    ran = run("--list", names, "--start", START, "--vat", "19", "--currency", "EUR", "--win-rate", "1")
    account = holds(ran)["account"]
    assert (account["currency"], account["charged"], account["closing"]) == ("EUR", "276.00", "4724.00")
    ledger = ran.table("ledger.csv")
    assert {row["currency"] for row in ledger} == {"EUR"}
    assert {row["amount"] for row in ledger if row["to"] == "tax"} == {"11.02"}
    assert {row["amount"] for row in ledger if row["to"] == "fees"} == {"57.98"}


# What goes wrong


def test_under_severe_faults_nothing_is_ordered_twice_or_lost(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path, 30)
    faults = ("--faults", "severe", "--duplicates", "new", "--seed", "4")
    summary = holds(run("--list", names, "--start", START, *faults))
    assert sum(summary["backorders"].values()) == 30
    assert sum(summary["provider"]["faults"].values()) > 20
    assert summary["provider"]["applications"] == 30
    assert "MISSED" not in summary["backorders"]


UNUSABLE = {
    "a file that is not there": (["--list", "nowhere.txt"], "nowhere.txt"),
    "a day that is none": (["--list", f"{SAMPLE}@monday"], "'monday' after the @ is no day"),
    "a day below zero": (["--list", f"{SAMPLE}@-1"], "'-1' after the @ is no day"),
    "a day that never comes": (["--list", f"{SAMPLE}@99999999999"], "days go from 0 to 3650"),
    "a folder as a list": (["--list", "."], "--list .: is a folder, not a file"),
    "a start that is no time": (["--start", "tomorrow"], "'tomorrow' is no time"),
    "money that is none": (["--pay-in", "lots@2"], "'lots@2' is not AMOUNT@DAY"),
    "money on no day": (["--pay-in", "5.00@soon"], "'5.00@soon' is not AMOUNT@DAY"),
    "money without a day": (["--pay-in", "100"], "'100' is not AMOUNT@DAY"),
    "money of physicists": (["--balance", "1e3"], "'1e3' is not an amount"),
    "less than no money": (["--pay-in", "-5.00@1"], "above zero"),
    "money without end": (["--pay-in", "Infinity"], "is not AMOUNT@DAY"),
    "more money than there is": (["--balance", "9" * 40], "is not an amount"),
    "a balance that is none": (["--balance", "lots"], "'lots' is not an amount"),
    "unknown faults": (["--faults", "mild,gremlins"], "'gremlins'"),
    "an unknown kind": (["--kind", "hoped-for"], "'hoped-for'"),
    "an unknown option": (["--no-such-option"], "--no-such-option"),
    "days below zero": (["--days", "-1"], "-1"),
    "rules that are not there": (["--rules", "nowhere.toml"], "nowhere.toml"),
    "answers that are not there": (["--answers", "nowhere.json"], "nowhere.json"),
    "answers that are no JSON": (["--answers", str(SAMPLE)], "answers are no JSON"),
    "an outage without a day": (["--outage", "3"], "'3' is not HOURS@DAY"),
    "an outage of no time": (["--outage", "0@2"], "hours above zero"),
    "an outage without end": (["--outage", "inf@2"], "hours above zero"),
    "memory that outlives its process": (["--attach", "--store", "memory"], "--attach --store memory"),
}


def test_an_odd_answer_about_one_name_and_an_outage_harm_no_other(run: Run, tmp_path: Path) -> None:
    names = a_list(tmp_path, 8)
    answers = tmp_path / "answers.json"
    odd = {"command": "AddDomainApplication", "domain": "name3.com", "code": 545, "description": "Object not found"}
    row = {"command": "QueryDepositList", "domain": "name4.com", "properties": {"DEPOSIT": "a lot"}, "times": 2}
    answers.write_text(json.dumps([odd, row]))
    ran = run("--list", names, "--start", START, "--answers", answers, "--outage", "3@0.5")
    summary = holds(ran)
    assert summary["backorders"]["MISSED"] == 1
    assert summary["provider"]["applications"] == 7
    assert summary["provider"]["faults"]["answer"] >= 4
    assert summary["provider"]["faults"]["outage"] > 0
    assert "name3.com" in {finding["domain"] for finding in summary["findings"]}


def test_an_answer_with_a_key_that_nobody_knows_is_not_played(run: Run, tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text('[{"command": "StatusAccount", "cod": 545}]')
    ran = run("--answers", answers, status=2)
    assert "answer 1: unknown: cod" in ran.errors
    assert ran.errors.count("\n") == 1


@pytest.mark.parametrize("case", UNUSABLE)
@pytest.mark.usefixtures("environment_restored", "signals_restored")
def test_unusable_arguments_end_with_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    arguments, told = UNUSABLE[case]
    with pytest.raises(SystemExit) as ended:
        start(["run", *arguments, "--out", str(tmp_path / "out")])
    errors = capsys.readouterr().err
    assert ended.value.code == 2
    assert told in errors
    assert errors.startswith("local: ")
    assert errors.count("\n") == 1


def test_a_command_that_cannot_be_used_ends_with_2_and_one_line(tmp_path: Path) -> None:
    ran = launch(["-m", "local", "run"], tmp_path, "--kind", "hoped-for", status=2)
    assert ran.errors.startswith("local: ")
    assert ran.errors.count("\n") == 1
    assert ran.screen == ""


def test_broken_rules_end_with_2_and_one_line(run: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[select]\nzones = ["com"]\nlenght = [3, 12]\n\n[limits]\nper_day = "many"\n')
    ran = run("--rules", rules, status=2)
    assert "lenght" in ran.errors
    assert "per_day" in ran.errors
    assert ran.errors.count("\n") == 1


def test_of_a_folder_only_a_runs_own_results_are_replaced(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("dear diary")
    (tmp_path / "out" / "backorders.csv").write_text("of an earlier run")
    ran = run("--list", a_list(tmp_path), "--start", START, "--days", "0")
    assert len(ran.table("backorders.csv")) == 4
    assert (tmp_path / "out" / "letter.txt").read_text() == "dear diary"


def test_a_file_is_no_folder_for_results(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("dear diary")
    ran = run("--list", a_list(tmp_path), status=2)
    assert ran.errors == f"local: --out {tmp_path / 'out'}: is no folder\n"


# Deletion lists


def test_without_rules_nothing_is_chosen_from_a_deletion_list(run: Run, tmp_path: Path) -> None:
    ran = run("--list", a_list(tmp_path), "--kind", "dropping", "--days", "0", "--start", START)
    (record,) = ran.summary["lists"]
    assert (record["entries"], record["not_selected"], record["accepted"]) == (4, 4, 0)
    assert "There is no rules.toml: nothing is chosen from deletion lists." in ran.line
    assert ran.summary["backorders"] == {}


def test_rules_choose_from_a_deletion_list(run: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[select]\nzones = ["com"]\nreject = "[3-9]$"\n\n[fees]\ncom = "59.00"\n\n[limits]\nper_day = 2\n')
    some, others = a_list(tmp_path, 6), a_list(tmp_path, 3, name="more.csv", zone="net")
    ran = run("--list", some, "--list", others, "--kind", "dropping", "--rules", rules, "--start", START)
    com, net = (lists_of(ran)[str(file)] for file in (some, others))
    assert (com["entries"], com["not_selected"], com["accepted"]) == (6, 3, 3)
    assert (net["entries"], net["not_selected"], net["accepted"]) == (3, 3, 0)
    assert [row["domain"] for row in ran.table("backorders.csv")] == ["name0.com", "name1.com", "name2.com"]
    assert ran.summary["provider"]["applications"] == 2
    assert {row["reason"] for row in ran.table("backorders.csv") if row["state"] == "MISSED"} == {
        "over a limit of rules.toml"
    }


# A function that crashes

CRASHING_ONCE = """
import sys
import submission.app
from local.__main__ import start
work = submission.app.work
def crash(*given, **named):
    submission.app.work = work
    raise ZeroDivisionError("planted")
submission.app.work = crash
start(["run", *sys.argv[1:]])
"""


def test_a_crash_on_a_message_is_shown_and_fails_the_run_though_the_message_came_again(tmp_path: Path) -> None:
    command = ["-c", CRASHING_ONCE, "--store", "memory", "--start", START]

    ran = launch(command, tmp_path, "--list", a_list(tmp_path, 2), status=1)

    holds(ran)
    assert "Crashed: SubmitBackorders: ZeroDivisionError: planted" in ran.screen
    assert "Traceback (most recent call last)" in (ran.out / "pipeline.log").read_text()


# On a stack that stays up

KEEP_UP = """
import sys
from pathlib import Path
from local.stack.local_stack import up
up(build=Path(sys.argv[1]))
"""
ATTACHED = """
import sys
from functools import partial
from pathlib import Path
import local.run.run
from local.__main__ import main
from local.stack.local_stack import attach
local.run.run.attach = partial(attach, Path(sys.argv[1]))
main(["run", "--attach", *sys.argv[2:]])
"""
"""As `python -m local up` and `… run --attach`, but meeting in a folder of the test's: a developer's own stack may be
up, and other tests run at the same time."""


@contextmanager
def a_stack_up(build: Path) -> Iterator[LocalStack]:
    with (build.parent / "up.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", KEEP_UP, str(build)], cwd=PROJECT, stdout=log, stderr=log)
        try:
            ends = time.monotonic() + 60
            while not (file := build / STACK_FILE).exists() or not file.read_text().endswith("}\n"):
                assert process.poll() is None, (build.parent / "up.log").read_text()
                assert time.monotonic() < ends
                time.sleep(0.05)
            yield LocalStack.model_validate_json(file.read_text())
        finally:
            process.terminate()
            process.wait(20)


def test_a_killed_run_is_continued_and_cancelled_on_the_same_stack(tmp_path: Path) -> None:
    build = tmp_path / "build"
    names = a_list(tmp_path, 6)
    attached = ["-c", ATTACHED, str(build)]
    command = ["--list", str(names), "--start", START, "--duplicates", "new", "--out", str(tmp_path / "killed")]
    with a_stack_up(build) as stack:
        control = Control(stack.emulator_base_url)
        process = subprocess.Popen(
            [sys.executable, *attached, *command], cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while control.state()["created"] < 3:
            assert process.poll() is None
        process.kill()
        process.wait()
        at_death = control.state()
        assert {application["status"] for application in at_death["applications"]} <= {"REQUESTED", "ACTIVE"}

        ran = launch(attached, tmp_path, *command[:-2])
        summary = holds(ran)
        assert sum(summary["backorders"].values()) == 6
        assert "MISSED" not in summary["backorders"]
        assert summary["provider"]["applications"] == 6
        assert control.state()["duplicates"] == 0

        # Once more, with nothing left to do: no call that changes anything.
        calls = control.state()["calls"]["AddDomainApplication"]
        assert holds(launch(attached, tmp_path, *command[:-2]))["backorders"] == summary["backorders"]
        assert control.state()["calls"]["AddDomainApplication"] == calls


def test_without_a_stack_there_is_nothing_to_attach_to(tmp_path: Path) -> None:
    attached = ["-c", ATTACHED, str(tmp_path / "build")]
    ran = launch(attached, tmp_path, "--list", a_list(tmp_path), status=2)
    assert ran.errors == "local: no stack is up: run `make up` in another terminal\n"


def test_a_cancel_takes_back_what_was_wanted(tmp_path: Path) -> None:
    build = tmp_path / "build"
    attached = ["-c", ATTACHED, str(build)]
    names, regretted = a_list(tmp_path), a_list(tmp_path, 2, name="regretted.csv")
    with a_stack_up(build) as stack:
        control = Control(stack.emulator_base_url)
        launch(attached, tmp_path, "--list", names, "--start", "2026-11-26", "--days", "1")
        assert len(control.state()["applications"]) == 4
        ran = launch(attached, tmp_path, "--list", regretted, "--kind", "cancel")
        assert Counter(row["state"] for row in ran.table("backorders.csv"))["CANCELLED"] == 2
        assert {each["domain"] for each in control.state()["deleted"]} == {"name0.com", "name1.com"}
        assert {each["domain"] for each in control.state()["applications"]} == {"name2.com", "name3.com"}
        assert all(ran.summary["invariants"].values())
