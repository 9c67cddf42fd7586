"""What holds in every test: no function does what its role does not allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import Phase, settings

from tests.rights import Guard

GUARD = Guard()
_load_file = JSONFileLoader.load_file


@cache
def _loaded_once(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def pytest_configure() -> None:
    GUARD.watch()
    # Each of hundreds of sessions would decode the same descriptions of services and regions: an eighth of all time.
    setattr(JSONFileLoader, "load_file", lambda _, path: _loaded_once(path))  # noqa: B010
    # How long an example takes says how busy the machine is: no deadline. What `make test` tries is always the same;
    # `make soak` searches, with `--hypothesis-profile`; `make mutants` tries the same, and looks for no simpler example
    # of what fails.
    settings.register_profile("repeat", deadline=None, max_examples=50, derandomize=True)
    settings.register_profile("fails", settings.get_profile("repeat"), phases=[Phase.explicit, Phase.generate])
    settings.register_profile("search", deadline=None, max_examples=500)
    settings.load_profile("repeat")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the end what was skipped and why, a line for each reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {tests}: {reason}")


@pytest.fixture
def guard() -> Guard:
    """That sees every call of this process."""
    return GUARD


@pytest.fixture(autouse=True)
def _only_what_the_roles_allow() -> Iterator[None]:
    GUARD.refused.clear()
    yield
    assert not GUARD.refused, GUARD.refused
