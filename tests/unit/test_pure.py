"""What decides money, dates and choices loads no client of HTTP or AWS: it can be read, tested and reused alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

CLIENTS = {"requests", "urllib3", "boto3", "botocore", "aws_lambda_powertools"}
PURE = {
    "backorder.domain": [
        *("backoff", "backorder", "clock_difference", "dates", "domains", "findings", "ledger", "money", "numbers"),
        *("registries", "reservation", "schedule", "states"),
    ],
    "backorder.rules": ["conditions", "expressions", "kept"],
    "backorder.documents": [
        *("account_outlook", "halt", "listeners", "misplaced", "runs", "successes", "unread"),
    ],
    "backorder.store": ["documents", "protocol"],
    "backorder.provider": ["port"],
    "backorder.provider.hexonet": [
        "account",
        "adapter",
        "applications",
        "codes",
        "names",
        "pending_deletes",
        "prices",
        "reading",
    ],
    "ingestion": ["arrived", "date_sources", "keys", "notices", "reading", "rounds", "scoring", "selection", "summary"],
    "fetching": ["query"],
    "planning.funding": [
        *("allocation", "choosing", "days_ahead", "dispatch", "fees", "forecast", "limits", "problem", "ranking"),
        *("timeline", "windows"),
    ],
    "submission": ["recovery_rules", "refusals"],
    "reconciliation": [
        *("alert", "dating", "findings", "ledger", "overview", "page", "statement", "status_sync", "tables"),
    ],
}


@pytest.mark.parametrize(("package", "modules"), PURE.items(), ids=PURE)
def test_a_pure_package_loads_no_client(package: str, modules: Sequence[str]) -> None:
    imports = ", ".join(f"{package}.{module}" for module in modules)
    program = f"import sys, {imports}\nprint(*{CLIENTS!r} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
