"""The line as one batch sees it: refusals that run on halt what they share, and what halts marks no name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from backorder.documents.halt import Halt, halt, halt_line, halt_zone, lift_halt, lift_zone, zone_halts
from backorder.provider.port import AccessDenied, Command, NotFound, OutcomeUnknown, ProviderError, Refused
from backorder.rules import RulesError, RulesOutdated
from local.memory_store import MemoryStore
from submission.circuit_breaker import Line, RefusedOrder
from tests.factories import NOW

UNLIKED = "Invalid attribute value; DOMAIN"
OTHER_WORDS = "Invalid attribute value; CLASS"
DENIED = AccessDenied("Authentication failed", code=530, command="StatusAccount")


@dataclass
class Batch:
    """A line, and what was done with each refused name."""

    store: MemoryStore = field(default_factory=MemoryStore)
    probe: bool = False
    marked: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Line(self.store, lambda: NOW, probe=self.probe, round_size=4)

    def refuse(self, *names: str, words: str = UNLIKED, again: bool = False, blamed: bool = True) -> None:
        """`a.com`, …"""
        for name in names:
            mark, give_back = partial(self.marked.append, name), partial(self.given_back.append, name)
            zone = name.partition(".")[2]
            refusal = RefusedOrder(name, zone, give_back, mark if blamed else None, again)
            self.line.refused(Refused(words, code=541), refusal)

    @property
    def halted(self) -> bool:
        return halt(self.store) is not None

    @property
    def halted_zones(self) -> list[str]:
        return list(zone_halts(self.store))


@pytest.fixture
def batch() -> Batch:
    return Batch()


FOUR = ("a.com", "b.net", "c.com", "d.net")
FIVE = (*FOUR, "e.com")
COMS = tuple(f"{label}.com" for label in "abcde")


def test_five_same_refusals_of_different_zones_halt_the_line_and_give_all_back(batch: Batch) -> None:
    batch.refuse(*FOUR)
    assert not batch.halted
    assert not batch.line.stopped
    batch.refuse("e.com")
    assert batch.line.stopped
    assert halt(batch.store) == Halt("setting", str(Refused(UNLIKED, code=541)), NOW)
    assert (batch.marked, batch.given_back) == ([], list(FIVE))


def test_five_same_refusals_of_one_zone_halt_that_zone_alone(batch: Batch) -> None:
    batch.refuse("x.net", *COMS[:4])
    batch.line.went_through("net")
    batch.refuse("f.com")
    assert batch.halted_zones == []  # an order that went through marks what was refused before it
    batch = Batch()
    batch.refuse(*COMS)
    assert (batch.halted, batch.halted_zones) == (False, ["com"])
    assert (batch.line.stopped, batch.line.stops("com"), batch.line.stops("net")) == (False, True, False)
    assert (batch.marked, batch.given_back) == ([], list(COMS))


def test_orders_of_other_zones_that_go_through_do_not_keep_a_zone_from_halting(batch: Batch) -> None:
    for number in range(5):
        batch.refuse(f"n{number}.it", words="Missing required attribute; X-ID", blamed=False)
        batch.line.went_through("com")
    assert (batch.halted, batch.halted_zones) == (False, ["it"])


def test_an_order_of_the_zone_that_goes_through_ends_its_count(batch: Batch) -> None:
    batch.refuse(*COMS[:4], blamed=False)
    batch.line.went_through("com")
    batch.refuse("e.com", blamed=False)
    assert batch.halted_zones == []


def test_an_order_that_goes_through_in_between_marks_what_was_refused_before(batch: Batch) -> None:
    batch.refuse(*FOUR)
    batch.line.went_through("org")
    assert batch.marked == list(FOUR)
    batch.refuse("e.com", "f.net", "g.org", "h.org")
    assert not batch.halted
    batch.refuse("i.org")
    assert batch.halted
    assert batch.given_back == ["e.com", "f.net", "g.org", "h.org", "i.org"]


def test_what_blames_no_name_is_given_back_at_once_and_never_marked(batch: Batch) -> None:
    batch.refuse("a.com", words="Object not found", blamed=False, again=True)
    assert batch.given_back == ["a.com"]
    batch.line.went_through("com")
    batch.line.close()
    assert (batch.marked, batch.given_back) == ([], ["a.com"])


def test_other_words_are_counted_by_themselves(batch: Batch) -> None:
    batch.refuse(*FOUR)
    batch.refuse("f.com", "g.net", "h.com", "i.net", words=OTHER_WORDS)
    assert not batch.halted
    batch.refuse("e.com")
    assert batch.halted


def test_words_that_name_the_domain_are_the_same_words(batch: Batch) -> None:
    for name in FIVE:
        batch.refuse(name, words=f"Object not found; {name.upper()}", blamed=False)
    assert batch.halted


def test_at_its_end_a_batch_gives_back_what_is_undecided(batch: Batch) -> None:
    batch.refuse("a.com", "b.com")
    assert (batch.marked, batch.given_back) == ([], [])
    batch.line.close()
    assert (batch.marked, batch.given_back) == ([], ["a.com", "b.com"])
    batch.line.close()
    assert batch.given_back == ["a.com", "b.com"]
    assert not batch.halted


def test_refusals_run_on_from_batch_to_batch(batch: Batch) -> None:
    """Of five names refused alike none is marked, in however few messages they come."""
    batch.refuse("a.com", "b.net", "c.com")
    batch.line.close()
    next_one = Batch(batch.store)
    next_one.refuse("d.net")
    next_one.line.close()
    assert not batch.halted
    last = Batch(batch.store)
    last.refuse("e.com")
    assert last.halted
    assert batch.marked + next_one.marked + last.marked == []
    assert batch.given_back + next_one.given_back + last.given_back == list(FIVE)


def test_the_same_name_refused_again_counts_once_and_is_marked(batch: Batch) -> None:
    batch.refuse(*FOUR)
    batch.line.close()
    later = Batch(batch.store)
    later.refuse(*FOUR, again=True)
    assert not later.halted
    later.line.close()
    assert (later.marked, later.given_back) == (list(FOUR), [])
    after = Batch(batch.store)
    after.refuse("e.com", "f.net", "g.com", "h.net")
    assert not after.halted  # what was marked is decided, and counts no more


def test_five_names_of_which_some_were_refused_before_mark_none(batch: Batch) -> None:
    batch.refuse("a.com", "b.net")
    batch.line.close()
    later = Batch(batch.store)
    later.refuse("a.com", "b.net", again=True)
    later.refuse("c.com", "d.net", "e.com")
    assert later.halted
    assert (later.marked, later.given_back) == ([], list(FIVE))


def test_what_two_workers_count_at_once_adds_up(batch: Batch) -> None:
    other = Batch(batch.store)
    batch.refuse("a.com", "b.net")
    other.refuse("c.com", "d.net")
    assert not batch.halted
    Batch(batch.store).refuse("e.com")
    assert batch.halted


def test_a_worker_that_is_overtaken_while_it_writes_counts_on_from_there() -> None:
    class Overtaken(MemoryStore):
        others = 3

        def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
            if self.others:
                self.others, left = 0, self.others - 1
                Batch(self).refuse(f"other{left}.net")
                self.others = left
            return super().swap_document(name, before, after)

    overtaken = Batch(Overtaken())
    overtaken.refuse("a.com")
    last = Batch(overtaken.store)
    last.refuse("b.com")
    assert last.halted


def test_refusals_that_another_workers_order_has_ended_halt_nothing(batch: Batch) -> None:
    batch.refuse("a.com", "b.com", "c.com", "d.com")
    batch.line.close()
    slow, other = Batch(batch.store), Batch(batch.store)
    other.line.went_through("com")
    slow.refuse("e.com")
    assert (slow.halted, slow.halted_zones) == (False, [])


@pytest.mark.parametrize("ends", ["an order that goes through", "a halt that is lifted"])
def test_refusals_of_earlier_batches_end_with(batch: Batch, ends: str) -> None:
    batch.refuse(*FOUR)
    batch.line.close()
    between = Batch(batch.store)
    match ends:
        case "an order that goes through":
            between.line.went_through("com")
        case "a halt that is lifted":
            between.refuse("x.org")
            assert between.halted
            lift_halt(batch.store)
    between.line.close()
    later = Batch(batch.store)
    later.refuse("e.com")
    assert not later.halted


def test_a_batch_without_refusals_writes_nothing(batch: Batch) -> None:
    before = batch.store.document("refusals")
    batch.line.went_through("com")
    batch.line.close()
    assert batch.store.document("refusals") is before is None


def test_a_halt_gives_back_what_is_undecided(batch: Batch) -> None:
    batch.refuse("a.com", "b.com")
    batch.line.halt(DENIED)
    assert (batch.marked, batch.given_back) == ([], ["a.com", "b.com"])
    batch.line.close()
    assert batch.marked == []


def test_what_is_refused_after_a_halt_is_given_back_and_not_counted(batch: Batch) -> None:
    batch.line.halt(DENIED)
    batch.refuse(*FIVE)
    assert (batch.marked, batch.given_back) == ([], list(FIVE))
    assert batch.store.document("refusals") is None


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (DENIED, True),
        (NotFound("Object not found; OWNERCONTACT0", code=545, asked=Command.PLACE), False),
        (Refused("Invalid attribute value; PERIOD", code=541, asked=Command.PLACE), False),
        (Refused("Authorization failed", code=531, asked=Command.PLACE), False),
        (OutcomeUnknown("no whole answer", asked=Command.PLACE), False),
    ],
)
def test_only_an_account_that_is_refused_stops_the_line_at_once(
    batch: Batch, error: ProviderError, *, stops: bool
) -> None:
    batch.line.heard(error)
    assert batch.line.stopped is stops
    assert not batch.halted  # written by whoever sent the call, when its place is given back


def test_a_halt_by_another_worker_is_seen_after_a_round_of_calls(batch: Batch) -> None:
    for _ in range(3):
        batch.line.look()
    halt_line(batch.store, Halt("access", "the login is refused", NOW))
    halt_zone(batch.store, "it", Halt("setting", "a parameter", NOW))
    assert (batch.line.stopped, batch.line.stops("it")) == (False, False)
    batch.line.look()
    assert (batch.line.stopped, batch.line.stops("it"), batch.line.stops("com")) == (True, True, False)


def test_a_probe_goes_on_through_the_halt_that_it_is_to_try() -> None:
    batch = Batch(probe=True)
    halt_line(batch.store, Halt("setting", "a contact that does not exist", NOW))
    halt_zone(batch.store, "it", Halt("setting", "a parameter", NOW))
    for _ in range(8):
        batch.line.look()
    assert not batch.line.stopped
    assert not batch.line.stops("it")


def test_the_first_halt_counts(batch: Batch) -> None:
    batch.line.halt(DENIED)
    batch.line.halt(RulesOutdated(RulesError("not understood")))
    halted = halt(batch.store)
    assert halted is not None
    assert halted.kind == "access"


@pytest.mark.parametrize(
    ("error", "kind"), [(DENIED, "access"), (RulesOutdated(RulesError("not understood")), "rules")]
)
def test_a_halt_says_what_lifts_it(batch: Batch, error: ProviderError | RulesOutdated, kind: str) -> None:
    batch.line.halt(error)
    halted = halt(batch.store)
    assert halted is not None
    assert halted.kind == kind


def test_only_a_probe_that_goes_through_lifts_halts() -> None:
    for probe, stands in ((False, True), (True, False)):
        batch = Batch(probe=probe)
        halt_line(batch.store, Halt("setting", "a contact that does not exist", NOW))
        for zone in ("com", "it"):
            halt_zone(batch.store, zone, Halt("setting", "a parameter", NOW))
        batch.line.went_through("com")
        assert batch.halted is stands
        assert sorted(batch.halted_zones) == (["com", "it"] if stands else ["it"])


def test_a_probe_that_is_refused_marks_no_name_and_halts_nothing() -> None:
    """One name of a line that was halted for refusals says nothing of itself."""
    batch = Batch(probe=True)
    batch.refuse(*FIVE, again=True)
    batch.line.close()
    assert (batch.marked, batch.given_back) == ([], list(FIVE))
    assert (batch.halted, batch.halted_zones) == (False, [])


def test_two_zones_halted_by_two_workers_at_once_are_both_halted() -> None:
    store = MemoryStore()
    for zone in ("it", "fr"):
        halt_zone(store, zone, Halt("setting", zone, NOW))
        halt_zone(store, zone, Halt("setting", "later", NOW))
    assert {zone: halted.why for zone, halted in zone_halts(store).items()} == {"it": "it", "fr": "fr"}
    lift_zone(store, "it")
    assert list(zone_halts(store)) == ["fr"]
