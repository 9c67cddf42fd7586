"""Which part of the code may import which: the provider's wire stays behind its port, and the emulator stands alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT = re.compile(r"^\s*(?:from|import) ([\w.]+)", re.MULTILINE)
PORT, WIRING, WIRE = "backorder.provider.port", "backorder.provider.wiring", "backorder.provider.hexonet"
SPEAK_THE_WIRE = {
    "shared/backorder/provider/wiring.py",
    # They look into the account itself: login, endpoint, contacts, and what zones need.
    *("ops/secret.py", "ops/stacks.py", "ops/doctor/provider.py", "ops/doctor/settings.py"),
    # They run the real client against the emulator, and measure it.
    *(
        "local/world/by_hand.py",
        "local/world/virtual/machine.py",
        "local/world/virtual/pool.py",
        "tools/bench/reconciliation.py",
        "tools/bench/submission.py",
    ),
}


def imports(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the imports below a folder: the path of the importing file, and the module's name."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for found in IMPORT.finditer(path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT).as_posix(), found[1]


def test_only_the_wiring_and_what_diagnoses_the_wire_know_who_answers() -> None:
    known = {
        path
        for folder in ("functions", "shared", "local", "ops", "tools")
        for path, module in imports(folder)
        if module.startswith(WIRE) and not path.startswith("shared/backorder/provider/hexonet/")
    }
    assert known == SPEAK_THE_WIRE


def test_functions_know_the_provider_by_its_port() -> None:
    found = {(path, module) for path, module in imports("functions") if module.startswith("backorder.provider")}
    beyond = {(path, module) for path, module in found if module != PORT}
    assert beyond == {(path, WIRING) for path, _ in beyond}
    assert {Path(path).name for path, _ in beyond} == {"app.py"}


def test_the_emulator_imports_nothing_of_what_is_tested_with_it() -> None:
    modules = {module for _, module in imports("local/emulator")}
    assert modules
    assert not {module for module in modules if module.partition(".")[0] in ("backorder", "functions", "tools")}


COMMANDS = re.compile(
    r"\b(?:(?:Add|Delete|Modify|Status)DomainApplication|Query(?:Domain|Account|Deposit|Object)\w*List|CheckDomains"
    r"|Status(?:Account|User|Domain|Contact)|DEPOSITID|ACCOUNTING[A-Z]+|FINALIZATIONDATE|ADD_DOMAIN)\b"
)
HISTORY = {
    # What was called stands in a backorder's history as the provider names it, and is compared with it.
    *(f"functions/submit/submission/{module}.py" for module in ("amend", "place", "withdraw")),
    *("functions/reconcile/reconciliation/status_sync.py", "functions/reconcile/reconciliation/findings/orders.py"),
    "shared/backorder/domain/backorder.py",
    # The user's settings are described by what the provider calls them.
    "shared/backorder/rules/orders.py",
}


def test_commands_and_properties_of_the_wire_stay_behind_the_port() -> None:
    speaking = {
        path.relative_to(ROOT).as_posix()
        for folder in ("functions", "shared/backorder")
        for path in (ROOT / folder).rglob("*.py")
        if "provider/hexonet" not in path.as_posix() and COMMANDS.search(path.read_text(encoding="utf-8"))
    }
    assert speaking <= HISTORY
