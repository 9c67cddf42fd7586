"""The line as one batch sees it: refusals that run on halt it, and what halts it marks no name."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from backorder.halt import Halt, halt, halt_line
from backorder.provider.errors import AccessDenied, LineHalted, NotFound, Refused
from backorder.store.memory import MemoryStore
from submission.line import REFUSALS, Line
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
        self.line = Line(self.store, lambda: NOW, probe=self.probe)

    def refuse(self, *names: str, words: str = UNLIKED) -> None:
        for name in names:
            self.line.refused(
                Refused(words, code=541),
                mark=lambda name=name: self.marked.append(name),  # type: ignore[misc]
                give_back=lambda name=name: self.given_back.append(name),  # type: ignore[misc]
            )

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


def test_at_its_end_a_batch_marks_what_is_undecided(batch: Batch) -> None:
    batch.refuse("a", "b")
    assert batch.marked == []
    batch.line.close()
    assert (batch.marked, batch.given_back) == (["a", "b"], [])
    batch.line.close()
    assert batch.marked == ["a", "b"]
    assert not batch.halted


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
