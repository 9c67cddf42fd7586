"""An odd answer about one name, one application or one zone: the others go on as if it had never been given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorder.documents.halt import halt, zone_halts
from backorder.domain.states import State
from backorder.domain.values import BackorderKey, Origin, Refusal
from local.emulator.scripted import read_script
from tests.factories import NOW, a_dated_backorder
from tests.integration.account import World, a_world

TICK = timedelta(minutes=5)
LATER = NOW + timedelta(days=5)
REFUSALS = [
    (500, "Invalid command name"),
    (503, "Invalid attribute name"),
    (504, "Missing required attribute; X-ID-NUMBER"),
    (505, "Invalid attribute value syntax"),
    (506, "Invalid option value"),
    (507, "Invalid command format"),
    (530, "Authentication failed"),
    (531, "Authorization failed"),
    (541, "Invalid attribute value"),
    (545, "Object not found"),
    (547, "Invalid command sequence"),
    (549, "Command failed"),
    (552, "Object status does not allow for operation"),
    (587, "Something that nobody knows"),
]


class Line:
    """Plans and workers over one account at the emulator."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    def want(self, *domains: str, **changes: Any) -> None:
        for domain in domains:
            self.store.create(a_dated_backorder(domain, **{"finalization_at": LATER, **changes}))

    def script(self, *answers: Mapping[str, Any]) -> None:
        self.world.emulator.set_answers(read_script(list(answers)))

    def tick(self, times: int = 1, *, after_plan: Sequence[Mapping[str, Any]] = (), calls: int = 4) -> Counter[str]:
        """A plan and its workers, each five minutes; gives how the work ended."""
        ended: Counter[str] = Counter()
        for _ in range(times):
            self.world.plan(queue=True)
            if after_plan:
                self.script(*after_plan)
            self.world.calls_at_once = calls
            ended += self.world.submit()
            self.world.emulator.advance_to(self.world.emulator.now + TICK)
        return ended

    def states(self, *domains: str) -> Counter[str]:
        found = (self.store.get(BackorderKey(domain, 1)) for domain in domains)
        return Counter(str(backorder.state) for backorder in found if backorder is not None)


@contextmanager
def a_line(**options: Any) -> Iterator[Line]:
    with a_world(**{"balance": Decimal("100000.00"), **options}) as world:
        yield Line(world)


OTHERS = tuple(f"n{number:02}.{zone}" for number in range(12) for zone in ("com", "net"))


@pytest.mark.parametrize(("code", "words"), REFUSALS)
def test_an_order_that_is_refused_delays_no_other(code: int, words: str) -> None:
    with a_line() as line:
        line.script({"command": "AddDomainApplication", "domain": "odd.com", "code": code, "description": words})
        line.want("odd.com", priority=Decimal(10))
        line.want(*OTHERS)
        line.tick()
        assert line.states(*OTHERS) == {"REQUESTED": len(OTHERS)}
        assert (halt(line.store), zone_halts(line.store)) == (None, {})
        odd = line.world.backorder("odd.com")
        assert odd.state is State.SELECTED
        assert odd.refusal == Refusal(words, 1, NOW)
        assert odd.plan.not_before == NOW + timedelta(minutes=30)


def test_a_refused_order_is_tried_with_growing_pauses_until_its_last_chance_and_then_told() -> None:
    with a_line() as line:
        line.script({"command": "AddDomainApplication", "domain": "odd.com", "code": 545, "description": "No object"})
        line.want("odd.com", finalization_at=NOW + timedelta(hours=12))
        line.tick(12 * 12 + 2)
        odd = line.world.backorder("odd.com")
        assert odd.state is State.MISSED
        assert 6 <= line.world.emulator.state()["faults"]["answer"] <= 16
        line.world.reconcile()
        (finding,) = (each for each in line.world.findings() if each.domain == "odd.com")
        assert "No object" in finding.advice


def test_once_it_is_taken_nothing_of_the_refusals_is_left() -> None:
    with a_line() as line:
        line.script({"command": "AddDomainApplication", "domain": "odd.com", "code": 545, "times": 3})
        line.want("odd.com")
        line.tick(60)
        odd = line.world.backorder("odd.com")
        assert (odd.state, odd.refusal) == (State.REQUESTED, None)


@pytest.mark.parametrize(("code", "words"), REFUSALS)
def test_a_withdrawal_that_is_refused_delays_no_order(code: int, words: str) -> None:
    with a_line() as line:
        line.world.order("regretted.com", at=LATER)
        regretted = line.world.backorder("regretted.com")
        line.store.replace(replace(regretted, cancel_requested=True))
        line.script(
            {"command": "DeleteDomainApplication", "domain": "regretted.com", "code": code, "description": words}
        )
        for number in range(4):
            line.want(f"n{number}.com")
            line.tick()
        assert line.states(*(f"n{number}.com" for number in range(4))) == {"REQUESTED": 4}
        assert halt(line.store) is None
        assert line.world.state("regretted.com") is State.WITHDRAWING
        line.script()
        line.tick(80)
        assert line.world.state("regretted.com") is State.CANCELLED
        assert "regretted.com" not in {each["domain"] for each in line.world.emulator.state()["applications"]}


def test_a_withdrawal_that_was_lost_is_sent_again_though_its_application_cannot_be_read() -> None:
    with a_line() as line:
        line.world.order("regretted.com", at=LATER)
        line.store.replace(replace(line.world.backorder("regretted.com"), cancel_requested=True))
        line.script(
            {"command": "DeleteDomainApplication", "domain": "regretted.com", "http": 500, "times": 4},
            {
                "command": "QueryDomainApplicationList",
                "domain": "regretted.com",
                "properties": {"UPDATEDDATE": "yesterday"},
            },
        )
        line.tick(8)
        assert line.world.state("regretted.com") is State.CANCELLED
        assert line.world.emulator.state()["applications"] == []


def test_one_answer_that_an_application_is_gone_does_not_take_it_for_taken_back() -> None:
    with a_line() as line:
        line.world.order("regretted.com", at=LATER)
        line.store.replace(replace(line.world.backorder("regretted.com"), cancel_requested=True))
        line.script({"command": "DeleteDomainApplication", "domain": "regretted.com", "code": 545, "times": 1})
        line.tick()
        assert line.world.state("regretted.com") is State.WITHDRAWING
        line.tick()
        assert line.world.state("regretted.com") is State.CANCELLED
        assert line.world.emulator.state()["applications"] == []


@pytest.mark.parametrize(("code", "words"), REFUSALS)
def test_a_question_that_is_refused_for_one_name_is_answered_for_the_others(code: int, words: str) -> None:
    with a_line() as line:
        names = ("odd.com", *OTHERS)
        line.script(
            *({"command": "AddDomainApplication", "domain": name, "http": 500, "after": True} for name in names),
            {"command": "QueryDomainApplicationList", "domain": "odd.com", "code": code, "description": words},
        )
        line.want(*names)
        line.tick(3)
        assert line.states(*OTHERS) == {"REQUESTED": len(OTHERS)}
        assert line.world.state("odd.com") is State.SUBMITTING
        assert halt(line.store) is None
        line.script()
        line.tick(80)
        assert line.states(*names) == {"REQUESTED": len(names)}
        assert line.world.emulator.state()["duplicates"] == 0


def test_a_setting_of_one_zone_halts_that_zone_alone_until_a_probe_goes_through() -> None:
    wrong = {"command": "AddDomainApplication", "code": 504, "description": "Missing required attribute; Y-ID"}
    italian = tuple(f"n{number}.it" for number in range(30))
    with a_line() as line:
        line.script(*({**wrong, "domain": name} for name in italian))
        line.want(*italian, *OTHERS)
        line.tick()
        assert line.states(*OTHERS) == {"REQUESTED": len(OTHERS)}
        assert list(zone_halts(line.store)) == ["it"]
        assert halt(line.store) is None
        line.world.reconcile()
        assert [finding.subject for finding in line.world.findings() if finding.kind == "line_halted"] == ["zone it"]
        before = line.world.emulator.state()["faults"]["answer"]
        line.want("late.com")
        line.tick(3)
        assert line.world.emulator.state()["faults"]["answer"] == before + 3  # another name each tick
        assert line.world.state("late.com") is State.REQUESTED
        line.script()
        line.tick(20)
        assert line.states(*italian) == {"REQUESTED": len(italian)}
        assert zone_halts(line.store) == {}
        line.world.reconcile()
        assert not [finding for finding in line.world.findings() if finding.kind == "line_halted"]


def test_the_same_refusal_for_names_of_different_zones_halts_all_until_a_probe_goes_through() -> None:
    names = tuple(f"n{number}.{zone}" for number in range(6) for zone in ("com", "net", "org"))
    with a_line() as line:
        line.script(
            {"command": "AddDomainApplication", "code": 541, "description": "Invalid attribute value; NAMESERVER0"}
        )
        line.want(*names)
        line.tick()
        halted = halt(line.store)
        assert halted is not None
        assert halted.kind == "setting"
        assert line.states(*names) == {"SELECTED": len(names)}
        sent = line.world.emulator.state()["calls"]["AddDomainApplication"]
        assert sent <= 5 + 4  # those of other threads that were out
        line.tick(3)
        assert line.world.emulator.state()["calls"]["AddDomainApplication"] == sent + 3
        line.script()
        line.tick(20)
        assert line.states(*names) == {"REQUESTED": len(names)}


@pytest.mark.parametrize("code", [530, 531])
def test_an_account_that_is_refused_itself_halts_all_at_once(code: int) -> None:
    with a_line() as line:
        line.want(*OTHERS)
        denied = {"code": code, "description": "No"}
        line.tick(
            after_plan=({"command": "AddDomainApplication", **denied}, {"command": "StatusAccount", **denied}),
            calls=1,
        )
        halted = halt(line.store)
        assert halted is not None
        assert halted.kind == "access"
        assert line.world.emulator.state()["calls"]["AddDomainApplication"] == 1
        line.script()
        line.tick(2)
        assert line.states(*OTHERS) == {"REQUESTED": len(OTHERS)}


@pytest.mark.parametrize("duplicates", ["same", "540", "new"])
@pytest.mark.parametrize(("code", "words"), [*REFUSALS, (546, "Credit limit exceeded")])
def test_a_refused_order_that_took_effect_all_the_same_is_ours_and_ordered_once(
    duplicates: str, code: int, words: str
) -> None:
    with a_line(duplicates=duplicates) as line:
        refused = {"code": code, "description": words, "after": True, "times": 1}
        line.script({"command": "AddDomainApplication", "domain": "odd.com", **refused})
        line.want("odd.com")
        line.tick(8)
        odd = line.world.backorder("odd.com")
        assert (odd.state, odd.origin) == (State.REQUESTED, Origin.OURS)
        assert line.world.emulator.state()["duplicates"] == 0
        assert [each["application"] for each in line.world.emulator.state()["applications"]] == [odd.application_id]


@pytest.mark.parametrize("cell", [{"STATUS": None}, {"CREATEDDATE": None}, {"APPLICATION": None}])
@pytest.mark.parametrize(
    ("code", "words"), [(531, "odd"), (504, "Missing required attribute; X-ID-NUMBER"), (546, "Credit limit exceeded")]
)
def test_a_refused_order_is_not_sent_again_while_what_came_of_it_cannot_be_read(
    code: int, words: str, cell: dict[str, None]
) -> None:
    with a_line(duplicates="new") as line:
        refused = {"code": code, "description": words, "after": True, "times": 1}
        order = {"command": "AddDomainApplication", "domain": "odd.com", **refused}
        line.script(order, {"command": "QueryDomainApplicationList", "domain": "odd.com", "properties": cell})
        line.want("odd.com")
        line.tick(30)
        assert line.world.emulator.state()["duplicates"] == 0
        assert len(line.world.emulator.state()["applications"]) == 1

        line.script()
        line.tick(2)
        odd = line.world.backorder("odd.com")
        assert (odd.state, odd.origin) == (State.REQUESTED, Origin.OURS)
        assert line.world.emulator.state()["duplicates"] == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(OTHERS), st.sampled_from(REFUSALS), st.booleans()),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each[0],
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_up_to_four_names_are_answered_all_others_are_ordered_at_once(
    odd: list[tuple[str, tuple[int, str], bool]],
) -> None:
    with a_line() as line:
        line.script(
            *(
                {
                    "command": "AddDomainApplication",
                    "domain": name,
                    "code": code,
                    "description": words,
                    "after": after,
                    "times": 2,
                }
                for name, (code, words), after in odd
            )
        )
        line.want(*OTHERS)
        line.tick()
        others = set(OTHERS) - {name for name, _, _ in odd}
        assert line.states(*others) == {"REQUESTED": len(others)}
        line.tick(40)
        assert line.states(*OTHERS) == {"REQUESTED": len(OTHERS)}
        assert line.world.emulator.state()["duplicates"] == 0
