"""What holds in every test: no function does what its role does not allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from tests.rights import Guard

GUARD = Guard()


def pytest_configure() -> None:
    GUARD.watch()
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
