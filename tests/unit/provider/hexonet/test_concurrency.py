"""The cap on parallel calls: one fall a burst, a slow way back, never past its limits."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.provider.hexonet.concurrency import Concurrency


def run_round(concurrency: Concurrency, *, overloaded: bool | None) -> None:
    """As many calls at once as are allowed, all with the same outcome."""
    with ExitStack() as stack:
        for slot in [stack.enter_context(concurrency.slot()) for _ in range(concurrency.cap)]:
            slot.answered(overloaded=overloaded)


def test_a_burst_of_refusals_halves_the_cap_once() -> None:
    concurrency = Concurrency(16)
    run_round(concurrency, overloaded=True)
    assert concurrency.cap == 8
    run_round(concurrency, overloaded=True)
    assert concurrency.cap == 4


def test_the_cap_grows_by_about_one_a_round_and_stops_at_its_limit() -> None:
    concurrency = Concurrency(8)
    run_round(concurrency, overloaded=True)
    caps = []
    for _ in range(12):
        run_round(concurrency, overloaded=False)
        caps.append(concurrency.cap)
    assert caps[-1] == 8
    assert all(later - earlier <= 1 for earlier, later in pairwise(caps))


def test_calls_that_leave_room_do_not_raise_the_cap() -> None:
    concurrency = Concurrency(8)
    run_round(concurrency, overloaded=True)
    for _ in range(50):
        with concurrency.slot() as slot:
            slot.answered(overloaded=False)
    assert concurrency.cap == 4


def test_a_lost_answer_teaches_nothing() -> None:
    concurrency = Concurrency(4)
    run_round(concurrency, overloaded=True)
    for _ in range(20):
        run_round(concurrency, overloaded=None)
    assert concurrency.cap == 2


@given(st.lists(st.sampled_from([True, False, None]), max_size=60), st.integers(1, 64))
def test_the_cap_stays_between_one_and_its_limit(outcomes: list[bool | None], limit: int) -> None:
    concurrency = Concurrency(limit)
    for overloaded in outcomes:
        with concurrency.slot() as slot:
            slot.answered(overloaded=overloaded)
        assert 1 <= concurrency.cap <= limit


def test_no_more_calls_run_at_once_than_allowed() -> None:
    concurrency, running, most, lock = Concurrency(3), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        for _ in range(200):
            with concurrency.slot() as slot:
                with lock:
                    running += 1
                    most = max(most, running)
                slot.answered(overloaded=False)
                with lock:
                    running -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in threads)
    assert most <= 3


def test_a_slot_is_given_back_after_an_exception() -> None:
    concurrency = Concurrency(1)
    with pytest.raises(RuntimeError), concurrency.slot():
        raise RuntimeError
    with concurrency.slot():
        pass


def test_a_cap_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Concurrency(0)
