"""A list's whole life, through the four built functions in Lambda's runtime.

They read this machine's clock, as they read Lambda's: the emulator's is moved on for the outcome. What it books then is
in the functions' future, so that the money is left to the runs of `tests/integration`.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

from local.stack.local_stack import LocalStack
from tests.runtime.pipeline import pipeline


def test_a_list_goes_from_the_bucket_to_its_outcome(stack: LocalStack, tmp_path: Path) -> None:
    with pipeline(stack, tmp_path) as running:
        now = running.control.clock().now
        drop = (now + timedelta(days=2)).replace(microsecond=0)
        outcomes = {"won.com": "SUCCESSFUL", "lost.com": "FAILED"}
        running.control.schedule(
            [
                {"domain": domain, "drop_at": drop.isoformat(), "outcome": outcome}
                for domain, outcome in outcomes.items()
            ]
        )
        running.upload("wanted/monday.txt", b"won.com\nlost.com\nno_name.com\nwon.com\n")
        running.tick("ReconcileAccount")
        assert running.tick("PlanSubmissions")["queued"] == 2
        assert running.deliver() == 1
        running.control.move_clock(drop + timedelta(hours=6))
        running.tick("ReconcileAccount")
        summary = json.loads(running.report("summary.json"))
        backorders = {
            row["domain"]: row["state"] for row in csv.DictReader(io.StringIO(running.report("backorders.csv")))
        }
        state = running.control.state()

    assert backorders == outcomes
    (read,) = summary["lists"]
    assert (read["entries"], read["accepted"], read["duplicates"], read["rejected"]) == (4, 2, 1, 1)
    # Only the provider's clock was moved: by the functions' own, the loss came before the finalization date, as losses
    # do that are for want of funds. And the drop is at any hour, not when .com's batch begins.
    findings = {(found["kind"], found["domain"]) for found in summary["findings"]}
    assert findings - {("registry_contradicted", None)} == {("unfunded_at_lock", "lost.com")}
    assert state["duplicates"] == 0
    assert {each["domain"]: each["status"] for each in state["applications"]} == outcomes
