"""The line as one batch sees it: refusals that run on halt it, and what halts it marks no name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from backorder.halt import Halt, halt, halt_line, lift_halt
from backorder.provider.errors import AccessDenied, LineHalted, NotFound, OutcomeUnknown, ProviderError, Refused
from backorder.store.memory import MemoryStore
from submission.line import ORDER, REFUSALS, Line, Refusal
from tests.factories import NOW

UNLIKED = "Invalid attribute value; DOMAIN"
OTHER_WORDS = "Invalid attribute value; CLASS"


@dataclass
class Batch:
    """A line, and what was done with each refused name."""

    store: MemoryStore = field(default_factory=MemoryStore)
    probe: bool = False
    marked: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Line(self.store, lambda: NOW, probe=self.probe, round_size=4)

    def refuse(self, *names: str, words: str = UNLIKED, again: bool = False) -> None:
        for name in names:
            mark, give_back = partial(self.marked.append, name), partial(self.given_back.append, name)
            self.line.refused(Refused(words, code=541), Refusal(name, mark=mark, give_back=give_back, again=again))

    @property
    def halted(self) -> bool:
        return halt(self.store) is not None


@pytest.fixture
def batch() -> Batch:
    return Batch()


def test_five_same_refusals_running_halt_the_line_and_give_all_back(batch: Batch) -> None:
    assert REFUSALS == 5
    batch.refuse("a", "b", "c", "d")
    assert not batch.halted
    assert not batch.line.stopped
    batch.refuse("e")
    assert batch.line.stopped
    assert halt(batch.store) == Halt("setting", str(Refused(UNLIKED, code=541)), NOW)
    assert (batch.marked, batch.given_back) == ([], ["a", "b", "c", "d", "e"])


def test_an_order_that_goes_through_in_between_marks_what_was_refused_before(batch: Batch) -> None:
    batch.refuse("a", "b", "c", "d")
    batch.line.went_through()
    assert batch.marked == ["a", "b", "c", "d"]
    batch.refuse("e", "f", "g", "h")
    assert not batch.halted
    batch.refuse("i")
    assert batch.halted
    assert (batch.marked, batch.given_back) == (["a", "b", "c", "d"], ["e", "f", "g", "h", "i"])


def test_other_words_start_anew(batch: Batch) -> None:
    batch.refuse("a", "b", "c", "d")
    batch.refuse("e", words=OTHER_WORDS)
    assert batch.marked == ["a", "b", "c", "d"]
    batch.refuse("f")
    assert batch.marked == ["a", "b", "c", "d", "e"]
    batch.refuse("g", "h", "i")
    assert not batch.halted
    batch.refuse("j")
    assert batch.halted
    assert batch.given_back == ["f", "g", "h", "i", "j"]


def test_at_its_end_a_batch_gives_back_what_is_undecided(batch: Batch) -> None:
    batch.refuse("a", "b")
    assert (batch.marked, batch.given_back) == ([], [])
    batch.line.close()
    assert (batch.marked, batch.given_back) == ([], ["a", "b"])
    batch.line.close()
    assert batch.given_back == ["a", "b"]
    assert not batch.halted


def test_refusals_run_on_from_batch_to_batch(batch: Batch) -> None:
    """Of five names refused alike none is marked, in however few messages they come."""
    batch.refuse("a", "b", "c")
    batch.line.close()
    next_one = Batch(batch.store)
    next_one.refuse("d")
    next_one.line.close()
    assert not batch.halted
    last = Batch(batch.store)
    last.refuse("e")
    assert last.halted
    assert batch.marked + next_one.marked + last.marked == []
    assert (batch.given_back, next_one.given_back, last.given_back) == (["a", "b", "c"], ["d"], ["e"])


def test_the_same_name_refused_again_counts_once_and_is_marked(batch: Batch) -> None:
    batch.refuse("a", "b", "c", "d")
    batch.line.close()
    later = Batch(batch.store)
    later.refuse("a", "b", "c", "d", again=True)
    assert not later.halted
    later.line.close()
    assert (later.marked, later.given_back) == (["a", "b", "c", "d"], [])
    after = Batch(batch.store)
    after.refuse("e", "f", "g", "h")
    assert not after.halted  # what was marked is decided, and counts no more


def test_five_names_of_which_some_were_refused_before_mark_none(batch: Batch) -> None:
    batch.refuse("a", "b")
    batch.line.close()
    later = Batch(batch.store)
    later.refuse("a", "b", again=True)
    later.refuse("c", "d", "e")
    assert later.halted
    assert (later.marked, later.given_back) == ([], ["a", "b", "c", "d", "e"])


def test_what_two_workers_count_at_once_adds_up(batch: Batch) -> None:
    other = Batch(batch.store)
    batch.refuse("a", "b")
    other.refuse("c", "d")
    other.line.close()
    batch.line.close()
    last = Batch(batch.store)
    last.refuse("e")
    assert last.halted


def test_a_worker_that_is_overtaken_while_it_writes_counts_on_from_there(batch: Batch) -> None:
    class Overtaken(MemoryStore):
        others = 3

        def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
            if self.others:
                self.others -= 1
                other = Batch(self)
                self.others, left = 0, self.others
                other.refuse(f"other{left}")
                other.line.close()
                self.others = left
            return super().swap_document(name, before, after)

    overtaken = Batch(Overtaken())
    overtaken.refuse("a")
    overtaken.line.close()
    last = Batch(overtaken.store)
    last.refuse("b")
    assert last.halted


def test_refusals_that_another_workers_order_has_ended_halt_nothing(batch: Batch) -> None:
    batch.refuse("a", "b", "c", "d")
    batch.line.close()
    slow, other = Batch(batch.store), Batch(batch.store)
    other.line.went_through()
    slow.refuse("e")
    assert not slow.halted
    slow.line.close()
    after = Batch(batch.store)
    after.refuse("f", "g", "h")
    assert not after.halted
    after.refuse("i")
    assert after.halted


@pytest.mark.parametrize("ends", ["an order that goes through", "a halt", "other words"])
def test_a_streak_of_earlier_batches_ends_with(batch: Batch, ends: str) -> None:
    batch.refuse("a", "b", "c", "d")
    batch.line.close()
    between = Batch(batch.store)
    match ends:
        case "an order that goes through":
            between.line.went_through()
        case "a halt":
            between.line.halt(NotFound("Object not found; OWNERCONTACT0", code=545))
            lift_halt(batch.store)
        case "other words":
            between.refuse("x", words=OTHER_WORDS)
    between.line.close()
    later = Batch(batch.store)
    later.refuse("e")
    assert not later.halted


def test_a_batch_without_refusals_writes_nothing(batch: Batch) -> None:
    before = batch.store.document("refusals")
    batch.line.went_through()
    batch.line.close()
    assert batch.store.document("refusals") is before is None


def test_a_halt_gives_back_what_is_undecided(batch: Batch) -> None:
    batch.refuse("a", "b")
    batch.line.halt(NotFound("Object not found; OWNERCONTACT0", code=545))
    assert (batch.marked, batch.given_back) == ([], ["a", "b"])
    batch.line.close()
    assert batch.marked == []


def test_what_is_refused_after_a_halt_is_given_back(batch: Batch) -> None:
    batch.line.halt(NotFound("Object not found", code=545))
    batch.refuse("a")
    assert (batch.marked, batch.given_back) == ([], ["a"])


DENIED = AccessDenied("Authentication failed", code=530, command="StatusAccount")


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (DENIED, True),
        (LineHalted("Invalid command name", code=500, command="DeleteDomainApplication"), True),
        (NotFound("Object not found; OWNERCONTACT0", code=545, command=ORDER), True),
        (Refused("Invalid attribute value; PERIOD", code=541, command=ORDER), True),
        (Refused(UNLIKED, code=541, command=ORDER), False),
        (Refused("Not supported for this class", code=510, command=ORDER), False),
        (NotFound("Object not found; APPLICATION", code=545, command="DeleteDomainApplication"), False),
        (OutcomeUnknown("no whole answer", command=ORDER), False),
    ],
)
def test_the_line_stops_as_soon_as_it_hears_that_no_order_can_succeed(
    batch: Batch, error: ProviderError, *, stops: bool
) -> None:
    batch.line.heard(error)
    assert batch.line.stopped is stops
    assert not batch.halted  # written by whoever sent the call, when its place is given back


def test_what_is_refused_after_the_line_stopped_is_given_back_and_halts_nothing(batch: Batch) -> None:
    batch.line.heard(DENIED)
    batch.refuse("a")
    assert batch.given_back == ["a"]
    assert not batch.halted


def test_a_halt_by_another_worker_is_seen_after_a_round_of_calls(batch: Batch) -> None:
    for _ in range(3):
        batch.line.look()
    halt_line(batch.store, Halt("access", "the login is refused", NOW))
    assert not batch.line.stopped
    batch.line.look()
    assert batch.line.stopped


def test_a_probe_goes_on_through_the_halt_that_it_is_to_try() -> None:
    batch = Batch(probe=True)
    halt_line(batch.store, Halt("setting", "a contact that does not exist", NOW))
    for _ in range(8):
        batch.line.look()
    assert not batch.line.stopped


def test_the_first_halt_counts(batch: Batch) -> None:
    batch.line.halt(AccessDenied("Authentication failed", code=530))
    batch.line.halt(NotFound("Object not found", code=545))
    halted = halt(batch.store)
    assert halted is not None
    assert halted.kind == "access"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AccessDenied("Authentication failed", code=530), "access"),
        (LineHalted("Invalid command name", code=500), "setting"),
        (NotFound("Object not found", code=545), "setting"),
        (Refused("Invalid attribute value; PERIOD", code=541), "setting"),
    ],
)
def test_only_a_refused_login_is_lifted_by_a_look_at_the_account(batch: Batch, error: NotFound, kind: str) -> None:
    batch.line.halt(error)
    halted = halt(batch.store)
    assert halted is not None
    assert halted.kind == kind


def test_only_a_probe_that_goes_through_lifts_a_halt() -> None:
    for probe, stands in ((False, True), (True, False)):
        batch = Batch(probe=probe)
        halt_line(batch.store, Halt("setting", "a contact that does not exist", NOW))
        batch.line.went_through()
        assert batch.halted is stands


def test_a_probe_that_is_refused_marks_no_name() -> None:
    """One name of a line that was halted for refusals says nothing of itself."""
    batch = Batch(probe=True)
    batch.refuse("a")
    batch.line.close()
    assert (batch.marked, batch.given_back) == ([], ["a"])
