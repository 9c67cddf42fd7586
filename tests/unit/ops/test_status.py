"""`ops status` and `ops why`: what they tell of what is in the store. Rendering is a pure function of data."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from rich.console import Console

from backorder.documents.halt import Halt
from backorder.documents.listeners import Subscription, unheard
from backorder.documents.runs import Run
from backorder.documents.successes import Stage, Successes
from backorder.domain.backorder import Backorder
from backorder.domain.dates import DateSource
from backorder.domain.findings import Kind
from backorder.domain.states import State
from backorder.domain.values import Call, ListPlace, Reason, Source
from backorder.store import SetAside
from ingestion.cancels import Cancel
from ops import status as of_status
from ops import why as of_why
from ops.screen import Screen
from ops.stacks import Stack
from tests.factories import (
    NOW,
    a_backorder,
    a_date,
    a_dated_backorder,
    a_finding,
    a_forecast,
    a_list_record,
    a_placed_backorder,
    a_posting,
    a_step,
    usd,
)

HOSTILE = "[bold]a\x1b[31m\u202egnp.exe[/bold]"


def a_stack(**changes: Any) -> Stack:
    facts: dict[str, Any] = {
        "name": "backorder-test",
        "stage": "test",
        "provider_endpoint": "https://provider.example/api/call.cgi",
        "outputs": {},
        "schedules": {},
        "functions": {},
        "is_local": False,
        "session": boto3.Session(region_name="us-east-1"),
    }
    return Stack(**{**facts, **changes})


def a_status(**changes: Any) -> of_status.Status:
    facts: dict[str, Any] = {
        "stack": a_stack(),
        "now": NOW,
        "lists": [],
        "backorders": [],
        "findings": [],
        "halted": None,
        "foreseen": None,
        "dead_letters": {},
        "plan": Run(NOW - timedelta(minutes=3), {"capacity": "1000.00", "drawn": "138.00", "currency": "USD"}),
        "reconcile": Run(NOW - timedelta(minutes=40), {}),
        "reported": None,
    }
    return of_status.glance(**{**facts, **changes})


def shown(value: Any, render: Any) -> str:
    out = io.StringIO()
    render(value, Console(file=out, width=160, highlight=False))
    return out.getvalue()


def test_an_empty_stack_says_what_to_do_first() -> None:
    text = shown(a_status(plan=None, reconcile=None), of_status.render)

    assert "None was ever read" in text
    assert "upload a list with `put`" in text
    assert "plan: never ran" in text


def test_only_lists_read_today_count_as_todays() -> None:
    today = a_list_record("wanted/today.txt", read_at=NOW.replace(hour=1), entries=3, accepted=2, rejected=1)
    yesterday = a_list_record("wanted/yesterday.txt", read_at=NOW - timedelta(days=1))
    rules = a_list_record("rules.toml", kind="rules")

    seen = a_status(lists=[yesterday, today, rules])

    assert [line.name for line in seen.lists] == ["wanted/today.txt"]
    assert seen.last_list == seen.lists[0]


def test_names_are_counted_with_why_they_wait() -> None:
    backorders = [
        a_backorder("a.com", State.HELD, reason=Reason.UNFUNDED),
        a_backorder("b.com", State.HELD, reason=Reason.TOO_DEAR),
        a_placed_backorder("c.com", submitted_at=NOW - timedelta(hours=2)),
        a_placed_backorder("d.com", submitted_at=NOW - timedelta(days=2)),
    ]

    seen = a_status(backorders=backorders, reported=of_status.Reported(NOW, {"MISSED": 4, "REQUESTED": 1}))
    text = shown(seen, of_status.render)

    assert seen.open == {"HELD": 2, "REQUESTED": 2}
    assert seen.ordered_today == 1
    assert "held back (1 unfunded, 1 dearer than its max_price)" in text
    assert "MISSED" in text


def test_the_next_deadlines_are_those_of_names_that_still_wait() -> None:
    backorders: list[Backorder] = [
        a_dated_backorder(f"{day}.com", finalization_at=NOW + timedelta(days=day)) for day in range(9, 0, -1)
    ]
    backorders.append(a_dated_backorder("placed.com", finalization_at=NOW + timedelta(hours=1), state=State.REQUESTED))

    seen = a_status(backorders=[*backorders, a_backorder("undated.com")])

    assert [due.domain for due in seen.deadlines] == ["1.com", "2.com", "3.com", "4.com", "5.com"]


def test_funding_is_the_last_plans_and_the_forecast_its_sentence() -> None:
    text = shown(a_status(foreseen=a_forecast()), of_status.render)

    assert "138.00 USD drawn by open orders, of 1,000.00 USD." in text
    assert "Pay in 414.00 USD before" in text


def test_what_others_ordered_in_the_account_is_told_where_the_money_is() -> None:
    ran = {"capacity": "931.00", "drawn": "138.00", "currency": "USD"}
    reserved, waiting = {"reserved_for_others": "69.00"}, {"foreign": 2, "foreign_draws": "1138.00"}

    def told(of_others: dict[str, Any]) -> str:
        text = shown(a_status(plan=Run(NOW, {**ran, **of_others})), of_status.render)
        return next((line for line in text.splitlines() if line.startswith("Others")), "")

    kept = "69.00 USD reserved for them, and left out above"
    will = "2 orders without a deposit yet will draw 1,138.00 USD of that"
    assert told({}) == ""
    assert told(reserved) == f"Others ordered in this account, too: {kept}."
    assert told(waiting) == f"Others ordered in this account, too: {will}."
    assert told(reserved | waiting) == f"Others ordered in this account, too: {kept}; {will}."


def test_what_is_wrong_comes_first() -> None:
    halted = Halt("access", "530 Authentication failed", NOW - timedelta(hours=2))

    seen = a_status(
        halted=halted, dead_letters={"lists": 2, "rule": 0}, plan=Run(NOW - timedelta(hours=1), {"skipped": "no"})
    )
    text = shown(seen, of_status.render)

    assert text.index("Orders have stopped") < text.index("Lists today")
    assert "Dead letters: 2 in lists." in text
    assert "nothing needs a person" not in text


def test_what_did_not_succeed_for_too_long_is_said_on_top_and_what_did_at_the_end() -> None:
    an_hour_ago, a_day_ago = NOW - timedelta(hours=1), NOW - timedelta(days=1)
    known = Successes(
        at={Stage.PLAN: an_hour_ago, Stage.BOOKS: an_hour_ago}, expected_since=dict.fromkeys(Stage, a_day_ago)
    )

    text = shown(a_status(succeeded=known), of_status.render)

    top, _, rest = text.partition("Lists today")
    assert "Orders not planned for 1 hour, since 24 Nov 2026 11:00 UTC." in top
    assert "Account not read for 24 hours." in top
    assert "Books" not in top
    assert "Last successes: orders planned 1 hour ago, books compared 1 hour ago." in rest


def test_an_address_that_gets_no_mail_is_said_on_top() -> None:
    why = unheard([Subscription("you@example.com", "PendingConfirmation")], "you@example.com")

    text = shown(a_status(unheard=why), of_status.render)

    assert "Nobody hears of alarms: you@example.com gets no mail: follow the link" in text.partition("Lists today")[0]


def test_items_that_are_not_understood_are_told_first_and_by_their_keys() -> None:
    aside = [SetAside(f"domain#{n}.com", "cycle#0001") for n in range(7)]
    text = shown(a_status(aside=aside[:1]), of_status.render)
    assert "1 item of the table is not understood, and left alone: domain#0.com, cycle#0001." in text
    assert text.index("not understood") < text.index("Lists today")
    text = shown(a_status(aside=aside), of_status.render)
    assert "7 items of the table are not understood" in text
    assert "domain#4.com, cycle#0001; and 2 more." in text
    assert "not understood" not in shown(a_status(), of_status.render)


def test_the_most_urgent_finding_is_first_and_closed_ones_are_left_out() -> None:
    findings = [
        a_finding(Kind.REFUND_MISSING, "a.com"),
        a_finding(Kind.LINE_HALTED, "line"),
        a_finding(Kind.SHORTFALL, "account", status="closed"),
    ]

    assert [finding.kind for finding in a_status(findings=findings).findings] == [
        Kind.LINE_HALTED,
        Kind.REFUND_MISSING,
    ]


def test_a_live_stack_says_so() -> None:
    assert "LIVE" in shown(a_status(stack=a_stack(stage="live")), of_status.render)


def test_what_comes_from_outside_is_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    seen = a_status(
        lists=[a_list_record(HOSTILE)],
        backorders=[a_dated_backorder(HOSTILE, finalization_at=NOW + timedelta(days=1))],
        findings=[a_finding(advice=HOSTILE)],
        halted=Halt("setting", HOSTILE, NOW),
    )

    text = shown(seen, of_status.render)

    assert "[bold]a" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_json_holds_the_whole_status(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=True).show(a_status(foreseen=a_forecast()), of_status.render)

    document = json.loads(capsys.readouterr().out)

    assert document["capacity"] == "1000.00"
    assert document["forecast_in_words"].startswith("Pay in 414.00 USD")


# One name


def a_history(*backorders: Backorder, **changes: Any) -> of_why.History:
    facts: dict[str, Any] = {"postings": [], "findings": [], "turned_away": [], "now": NOW}
    return of_why.history("john.com", backorders, **{**facts, **changes})


def test_a_history_tells_list_line_steps_and_money_in_order_of_time() -> None:
    steps = (
        a_step(State.SELECTED, State.QUEUED, at=NOW + timedelta(minutes=5)),
        a_step(
            State.SUBMITTING,
            State.REQUESTED,
            at=NOW + timedelta(minutes=7),
            call=Call("AddDomainApplication", application="10700"),
        ),
    )
    deposit = a_posting("d", at=NOW + timedelta(minutes=6), kind="deposit", domain="john.com")

    seen = a_history(a_placed_backorder(history=steps), postings=[deposit])
    text = shown(seen, of_why.render)

    assert [event.what for event in seen.cycles[0].events] == ["SELECTED", "QUEUED", "deposit", "REQUESTED"]
    assert "wanted/monday.txt, line 1" in text
    assert "AddDomainApplication 10700" in text
    assert "69.00 USD" in text


def test_each_cycle_has_the_money_of_its_own_time() -> None:
    first = a_placed_backorder(state=State.FAILED, created_at=NOW - timedelta(days=100))
    second = a_backorder(cycle=2, created_at=NOW)
    before = a_posting("1", at=NOW - timedelta(days=200))
    then = a_posting("2", at=NOW - timedelta(days=90), kind="refund")
    now = a_posting("3", at=NOW + timedelta(hours=1), kind="deposit")

    seen = a_history(first, second, postings=[now, before, then])

    assert [[event.what for event in cycle.events if event.amount] for cycle in seen.cycles] == [
        ["refund"],
        ["deposit"],
    ]
    assert [event.amount for event in seen.elsewhere] == [usd("69.00")]
    assert "drop cycle 2" in shown(seen, of_why.render)


def test_a_finding_is_in_the_history_when_it_opens_and_when_it_closes() -> None:
    finding = a_finding(status="closed", closed_at=NOW + timedelta(hours=3), amount=Decimal("69.00"))

    (cycle,) = a_history(a_backorder(), findings=[finding]).cycles

    assert [event.why for event in cycle.events][1:] == [finding.advice, "closed: it no longer holds"]


def test_a_name_that_was_rejected_is_told_with_its_line() -> None:
    away = of_why.TurnedAway("wanted/monday.txt", NOW, 17, "john_doe.com", "contains an underscore")

    text = shown(a_history(turned_away=[away], fault="'john_doe.com' contains an underscore"), of_why.render)

    assert "17" in text
    assert "contains an underscore" in text


def test_a_name_that_nobody_asked_for_is_told_so() -> None:
    assert "no list that was read asked for it" in shown(a_history(), of_why.render)
    assert "python -m local choose" in shown(a_history(dropping=1), of_why.render)


def test_whose_date_counts_and_who_else_said_one_is_told() -> None:
    dates = (
        a_date(DateSource.PROVIDER, finalization_at=NOW),
        a_date(DateSource.REGISTRY, list="dropping/se.txt", drop_at=NOW),
        a_date(DateSource.USER, list="wanted/a.csv", drop_day=date(2026, 12, 4)),
    )
    text = shown(a_history(a_dated_backorder(finalization_at=NOW, dates=dates)), of_why.render)
    told = " ".join(text.split())
    for line in (
        "dated by the provider's pending-delete list, 24 Nov 2026 12:00 UTC: finalization date 24 Nov 2026 12:00 UTC",
        "outranked the registry's list (dropping/se.txt), 24 Nov 2026 12:00 UTC: drops 24 Nov 2026 12:00 UTC",
        "outranked a wanted list (wanted/a.csv), 24 Nov 2026 12:00 UTC: drops on 4 Dec 2026",
    ):
        assert line in told


def test_the_kept_cancel_of_a_name_without_a_backorder_is_told() -> None:
    kept = Cancel(NOW, ListPlace("cancel/soon.txt", "v1", 3))
    text = " ".join(shown(a_history(cancelled=kept, dropping=1), of_why.render).split())
    assert text == (
        "john.com: cancelled by cancel/soon.txt, line 3 (24 Nov 2026 12:00 UTC):"
        " no older list orders it, nor does a rule."
    )


def test_a_rules_choice_says_so() -> None:
    assert "chosen by the rules" in shown(a_history(a_backorder(source=Source.DROPPING)), of_why.render)
    scored = a_backorder(source=Source.DROPPING, chosen="7.4: short 2.6")
    assert "chosen by the rules (7.4: short 2.6)" in shown(a_history(scored), of_why.render)
