"""What holds in every test: no function does what its role does not allow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.rights import Guard

GUARD = Guard()


def pytest_configure() -> None:
    GUARD.watch()
    # How long an example takes says how busy the machine is.
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")


@pytest.fixture
def guard() -> Guard:
    """That sees every call of this process."""
    return GUARD


@pytest.fixture(autouse=True)
def _only_what_the_roles_allow() -> Iterator[None]:
    GUARD.refused.clear()
    yield
    assert not GUARD.refused, GUARD.refused
