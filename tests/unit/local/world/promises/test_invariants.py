"""The promises as a run checks them: each is true on good evidence, and false for exactly the fault planted for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backorder.domain.backorder import HISTORY_LIMIT
from backorder.domain.dates import DateSource
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Call, ListPlace, Origin, Reason, Refusal
from backorder.runtime.clock import iso
from local.world.promises.evidence import Evidence
from local.world.promises.invariants import check
from local.world.promises.last_words import Word, newest
from local.world.promises.ranked_dates import outranked
from local.world.promises.terms import GRACE
from tests.factories import (
    FEE,
    NOW,
    a_backorder,
    a_claim,
    a_date,
    a_dated_backorder,
    a_finding,
    a_list_record,
    a_placed_backorder,
    a_posting,
    a_step,
    changed,
    usd,
)

LONG_AGO = NOW - GRACE - timedelta(hours=1)
LATER = NOW + timedelta(minutes=5)

WON = a_placed_backorder("won.com", State.SUCCESSFUL, application="1", settled=True)
LOST = a_placed_backorder(
    "lost.com",
    State.FAILED,
    application="2",
    settled=True,
    outcome_at=LONG_AGO,
    known=Known.FINALIZATION,
)
CANCELLED = a_placed_backorder("cancelled.com", State.CANCELLED, application="3", settled=True)
DISPLACED = a_step(State.WITHDRAWING, State.HELD, call=Call("DeleteDomainApplication", application="2"))
FOREIGN = a_placed_backorder("foreign.com", State.FAILED, application="4", settled=True, origin=Origin.FOREIGN)


def an_application(number: str, domain: str, status: str = "FAILED") -> dict[str, Any]:
    return {"application": number, "domain": domain, "status": status, "user": "test.user", "updated": iso(NOW)}


def an_entry(amount: str, type_: str = "COM_BACKORDER", *, user: str = "test.user", about: str = "won.com") -> Any:
    return {"user": user, "price": amount, "vat_price": "0.00", "type": type_, "description": about, "at": iso(LATER)}


def an_account(amount: str = "931.00", deposit: str = "0.00") -> dict[str, str]:
    return {"opening": "1000.00", "amount": amount, "deposit": deposit}


def an_emulator(**changes: Any) -> dict[str, Any]:
    """The state after a run of `good`."""
    return {
        "account": an_account(),
        "applications": [
            an_application("1", "won.com", "SUCCESSFUL"),
            an_application("2", "lost.com"),
            an_application("4", "foreign.com"),
        ],
        "deleted": [an_application("3", "cancelled.com", "REQUESTED")],
        "deposits": [],
        "accounting": [an_entry("-69.00")],
        "calls": {"StatusAccount": 9},
        "faults": {},
        "faulty": {},
        "account_faulty": [],
        "duplicates": 0,
        "sent_late": [],
        "unfunded": [],
        **changes,
    }


POSTINGS = (
    a_posting("opening", usd(1000), kind="opening", source=Account.OPENING, target=Account.BALANCE),
    a_posting("deposit", source=Account.BALANCE, target=Account.RESERVED),
    a_posting("released", source=Account.RESERVED, target=Account.BALANCE),
    a_posting("charge", kind="charge", source=Account.BALANCE, target=Account.FEES),
)


def good(**changes: Any) -> Evidence:
    """Four names that lived their whole lives, and lists that account for them."""
    return Evidence(
        **{
            "lists": (
                a_list_record(entries=7, rejected=1, not_selected=1, duplicates=1, accepted=4),
                a_list_record("cancel/regretted.txt", kind="cancel", entries=1, accepted=1),
            ),
            "backorders": (WON, LOST, CANCELLED, FOREIGN),
            "postings": POSTINGS,
            "findings": (),
            "emulator": an_emulator(),
            "ended_at": NOW,
            "planned_only": False,
            "halted": False,
            "password_seen_in": (),
            **changes,
        }
    )


def instead(backorder: Any, **changes: Any) -> Evidence:
    """Good evidence, but for the lost name, which is `backorder`."""
    return good(backorders=(WON, backorder, CANCELLED, FOREIGN), **changes)


def test_good_evidence_breaks_no_promise() -> None:
    assert check(good()) == dict.fromkeys(
        [
            "entries_accounted",
            "ordered_once",
            "none_lost",
            "in_time",
            "funded",
            "ledger_balances",
            "refunds_complete",
            "nobody_elses",
            "others_unharmed",
            "dates_ranked",
            "last_word",
            "auctions_told",
            "sums_equal_postings",
        ],
        True,
    )


RESERVED = {"domain": "lost.com", "user": "test.user", "amount": "69.00"}
WITH_DEPOSIT = an_emulator(account=an_account("931.00", "69.00"), deposits=[RESERVED])
STRANGERS = an_application("5", "lost.com", "AUCTION-PENDING") | {"foreign": True, "deposit": "69.00"}
REGRET = Word("cancel", NOW, list="cancel/regret.txt")
CANCEL_READ = a_step(State.SELECTED, State.SELECTED, entry=ListPlace("cancel/regret.txt", "v1", 1))
LONG_STORY = a_placed_backorder("lost.com", application="2", history=(a_step(),) * HISTORY_LIMIT)


def taken_back(*, before: timedelta, foreign: bool = False) -> dict[str, Any]:
    """The state where one more of the lost name's applications was taken back, so long before its history begins."""
    taken = an_application("90", "lost.com") | {"deleted": iso(NOW - before), "foreign": foreign}
    return an_emulator(deleted=[an_application("3", "cancelled.com"), taken])


RESERVED_POSTINGS = (*POSTINGS, a_posting("again", source=Account.BALANCE, target=Account.RESERVED))

BROKEN: dict[str, tuple[str, Callable[[], Evidence]]] = {
    "an entry too many": (
        "entries_accounted",
        lambda: good(lists=(a_list_record(entries=8, rejected=1, not_selected=1, duplicates=1, accepted=4),)),
    ),
    "an entry too few": (
        "entries_accounted",
        lambda: good(lists=(a_list_record(entries=4, rejected=1, accepted=4),)),
    ),
    "one bad list among good ones": (
        "entries_accounted",
        lambda: good(lists=(a_list_record(entries=4, accepted=4), a_list_record("wanted/b.txt", entries=1))),
    ),
    "a domain ordered twice": ("ordered_once", lambda: good(emulator=an_emulator(duplicates=1))),
    "an accepted entry without a backorder": ("none_lost", lambda: good(backorders=(WON, LOST, CANCELLED))),
    "a backorder from nowhere": (
        "none_lost",
        lambda: good(backorders=(WON, LOST, CANCELLED, FOREIGN, a_backorder("new.com", State.MISSED))),
    ),
    "a held one without a reason": ("none_lost", lambda: instead(a_backorder("lost.com", State.HELD))),
    "a selected one that nothing holds up": ("none_lost", lambda: instead(a_backorder("lost.com"))),
    "a selected one whose patience is over": (
        "none_lost",
        lambda: instead(a_backorder("lost.com", not_before=NOW - timedelta(seconds=1))),
    ),
    "a queued one whose message is overdue": (
        "none_lost",
        lambda: instead(a_backorder("lost.com", State.QUEUED, queued_until=NOW)),
    ),
    "one being submitted by nobody": ("none_lost", lambda: instead(a_backorder("lost.com", State.SUBMITTING))),
    "one placed under an application that is not there": (
        "none_lost",
        lambda: instead(a_placed_backorder("lost.com", application="77")),
    ),
    "one placed under another name's application": (
        "none_lost",
        lambda: instead(a_placed_backorder("lost.com", application="1")),
    ),
    "one sent after the finalization date": ("in_time", lambda: good(emulator=an_emulator(sent_late=["lost.com"]))),
    "one missed for being late": (
        "in_time",
        lambda: instead(
            a_dated_backorder("lost.com", state=State.MISSED, reason=Reason.LATE, finalization_at=NOW + GRACE)
        ),
    ),
    "one missed while only calls for others were not answered": (
        "in_time",
        lambda: instead(
            a_dated_backorder("lost.com", state=State.MISSED, reason=Reason.LATE, finalization_at=NOW + GRACE),
            emulator=an_emulator(
                faults={"timeout_before": 12}, faulty={"other.com": iso(NOW)}, account_faulty=[iso(NOW)]
            ),
        ),
    ),
    "one missed unanswered by a provider that answers": (
        "in_time",
        lambda: instead(a_backorder("lost.com", State.MISSED, reason=Reason.UNANSWERED)),
    ),
    "one without funds at its lock": ("funded", lambda: good(emulator=an_emulator(unfunded=["lost.com"]))),
    "a cent that the books do not have": (
        "ledger_balances",
        lambda: good(emulator=an_emulator(account=an_account("931.01", "0.00"))),
    ),
    "a deposit that the books do not have": (
        "ledger_balances",
        lambda: good(emulator=an_emulator(account=an_account("931.00", "69.00"))),
    ),
    "a fee that the books take for something else": (
        "ledger_balances",
        lambda: good(postings=(*POSTINGS[:-1], replace(POSTINGS[-1], target=Account.OTHER))),
    ),
    "money that the provider's books do not know": (
        "ledger_balances",
        lambda: good(
            emulator=an_emulator(account=an_account("941.00")),
            postings=(*POSTINGS, a_posting("invented", usd(10))),
        ),
    ),
    "no books at all": ("ledger_balances", lambda: good(postings=())),
    "a lost one's deposit that is not back and not told": (
        "refunds_complete",
        lambda: good(emulator=WITH_DEPOSIT, postings=RESERVED_POSTINGS),
    ),
    "a lost one's deposit whose finding is closed": (
        "refunds_complete",
        lambda: good(
            emulator=WITH_DEPOSIT,
            postings=RESERVED_POSTINGS,
            findings=(a_finding(subject="lost.com", status="closed"),),
        ),
    ),
    "a lost one's deposit told as something else": (
        "refunds_complete",
        lambda: good(
            emulator=WITH_DEPOSIT,
            postings=RESERVED_POSTINGS,
            findings=(a_finding(Kind.CHARGE_WITHOUT_SUCCESS, "lost.com"),),
        ),
    ),
    "one that is over, and otherwise at the provider": (
        "none_lost",
        lambda: good(
            emulator=an_emulator(
                applications=[
                    *an_emulator()["applications"][::2],
                    an_application("2", "lost.com", "ACTIVE"),
                ]
            )
        ),
    ),
    "one that goes by an application which had ended before": (
        "none_lost",
        lambda: instead(replace(LOST, created_at=LATER)),
    ),
    "one whose application the provider does not have": (
        "none_lost",
        lambda: instead(changed(LOST, application="77")),
    ),
    "one placed by hand that is taken for ours": ("nobody_elses", lambda: good(placed_by_hand={"2"})),
    "one placed by hand that was withdrawn": (
        "nobody_elses",
        lambda: good(placed_by_hand={"3"}),
    ),
    "one that waits though its cancel was read": (
        "last_word",
        lambda: instead(
            a_backorder("lost.com", cancel_requested=True, history=(CANCEL_READ,), not_before=LATER),
            words={"lost.com": REGRET},
            emulator=an_emulator(applications=[*an_emulator()["applications"][::2]]),
        ),
    ),
    "one that was ordered after its cancel was read": (
        "last_word",
        lambda: instead(
            replace(LOST, cancel_requested=True, history=(CANCEL_READ,)),
            words={"lost.com": REGRET},
            emulator=an_emulator(
                applications=[
                    {**each, "created": iso(LATER)} if each["domain"] == "lost.com" else each
                    for each in an_emulator()["applications"]
                ],
            ),
        ),
    ),
    "a password in a file": ("nobody_elses", lambda: good(password_seen_in=("pipeline.log",))),
    "an application taken back that was foreign": (
        "nobody_elses",
        lambda: good(
            emulator=an_emulator(
                deleted=[an_application("3", "cancelled.com"), an_application("4", "foreign.com")],
            )
        ),
    ),
    "an application taken back that nobody knows": (
        "nobody_elses",
        lambda: good(emulator=an_emulator(deleted=[an_application("99", "other.com")])),
    ),
    "a stranger's taken back, of a name whose history begins later": (
        "nobody_elses",
        lambda: instead(LONG_STORY, emulator=taken_back(before=timedelta(minutes=1), foreign=True)),
    ),
    "one taken back that a long history does not tell": (
        "nobody_elses",
        lambda: instead(LONG_STORY, emulator=taken_back(before=timedelta(0))),
    ),
    "a lost one's deposit beside a stranger's": (
        "refunds_complete",
        lambda: good(
            emulator=an_emulator(
                account=an_account("931.00", "138.00"),
                applications=[*an_emulator()["applications"], STRANGERS],
                deposits=[RESERVED, RESERVED],
            ),
            postings=(*RESERVED_POSTINGS, a_posting("theirs", source=Account.BALANCE, target=Account.RESERVED)),
        ),
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_breaks_its_promise_and_no_other(fault: str) -> None:
    promise, evidence = BROKEN[fault]
    assert [name for name, holds in check(evidence()).items() if not holds] == [promise]


ALL_RIGHT: dict[str, Callable[[], Evidence]] = {
    "nothing happened at all": lambda: good(
        lists=(), backorders=(), postings=(), emulator=an_emulator(calls={}, deleted=[])
    ),
    "only a plan was made": lambda: instead(
        a_backorder("lost.com"), planned_only=True, postings=(), emulator=an_emulator(calls={"StatusAccount": 1})
    ),
    "held for want of funds": lambda: instead(a_backorder("lost.com", State.HELD, reason=Reason.UNFUNDED)),
    "taken back, and waiting for funds again": lambda: instead(
        a_backorder("lost.com", State.HELD, reason=Reason.UNFUNDED, history=(DISPLACED,)),
        emulator=an_emulator(deleted=[an_application("3", "cancelled.com"), an_application("2", "lost.com")]),
    ),
    "taken back so long ago that the history does not tell it": lambda: instead(
        LONG_STORY, emulator=taken_back(before=timedelta(minutes=1))
    ),
    "to be ordered late": lambda: instead(a_backorder("lost.com", send_at=LATER)),
    "to be tried again later": lambda: instead(a_backorder("lost.com", not_before=LATER)),
    "to be tried again after a failure": lambda: instead(a_backorder("lost.com", refusal=Refusal("server error"))),
    "waiting for the line": lambda: instead(a_backorder("lost.com"), halted=True),
    "in the queue": lambda: instead(a_backorder("lost.com", State.QUEUED, queued_until=LATER)),
    "under a claim": lambda: instead(a_backorder("lost.com", State.SUBMITTING, claim=a_claim())),
    "at the provider": lambda: instead(a_placed_backorder("lost.com", application="2")),
    "missed for want of funds": lambda: instead(a_backorder("lost.com", State.MISSED, reason=Reason.UNFUNDED)),
    "missed while the provider did not answer": lambda: instead(
        a_backorder("lost.com", State.MISSED, reason=Reason.UNANSWERED),
        emulator=an_emulator(faults={"timeout_before": 12}, faulty={"lost.com": iso(NOW)}),
    ),
    "missed while the provider did not tell how the account stands": lambda: instead(
        a_dated_backorder("lost.com", state=State.MISSED, reason=Reason.LATE, finalization_at=NOW + GRACE),
        emulator=an_emulator(account_faulty=[iso(NOW + GRACE - timedelta(minutes=40))]),
    ),
    "missed while workers died": lambda: instead(
        a_backorder("lost.com", State.MISSED, reason=Reason.LATE), mishaps=True
    ),
    "missed while the line was halted": lambda: instead(
        a_backorder("lost.com", State.MISSED, reason=Reason.LATE), halted=True
    ),
    "listed when its last chance was over": lambda: instead(
        a_dated_backorder("lost.com", state=State.MISSED, reason=Reason.LATE, finalization_at=NOW)
    ),
    "unfunded for a fault of the books": lambda: good(
        emulator=an_emulator(unfunded=["lost.com"], faults={"refund_missing": 1})
    ),
    "unfunded for what somebody else bought": lambda: good(
        emulator=an_emulator(
            unfunded=["lost.com"],
            account=an_account("31.00"),
            accounting=[an_entry("-69.00"), an_entry("-900.00", "ADD_DOMAIN", about="other.com")],
        ),
        postings=(*POSTINGS, a_posting("bought", usd(900), source=Account.BALANCE, target=Account.OTHER)),
    ),
    "a deposit that has time to come back": lambda: instead(
        changed(LOST, outcome_at=NOW - GRACE, settled=False, deposit=FEE),
        emulator=WITH_DEPOSIT,
        postings=RESERVED_POSTINGS,
    ),
    "a missing refund that was told": lambda: good(
        emulator=WITH_DEPOSIT, postings=RESERVED_POSTINGS, findings=(a_finding(subject="lost.com"),)
    ),
    "a stranger's deposit for the name of a lost one": lambda: good(
        emulator={**WITH_DEPOSIT, "applications": [*an_emulator()["applications"], STRANGERS]},
        postings=RESERVED_POSTINGS,
    ),
    "a stranger's deposit that is on its way back": lambda: good(
        emulator={
            **WITH_DEPOSIT,
            "applications": [
                *an_emulator()["applications"],
                an_application("5", "lost.com") | {"foreign": True, "deposit": None, "updated": iso(NOW - GRACE)},
            ],
        },
        postings=RESERVED_POSTINGS,
    ),
    "books that wait for a row of money which nobody understands": lambda: good(
        emulator=WITH_DEPOSIT, findings=(a_finding(Kind.ROW_UNREAD, subject="QueryDepositList 2"),)
    ),
    "one ordered just when its cancel was read": lambda: instead(
        replace(LOST, cancel_requested=True, history=(CANCEL_READ,)),
        words={"lost.com": REGRET},
        emulator=an_emulator(
            applications=[{**each, "created": iso(NOW)} for each in an_emulator()["applications"]],
        ),
    ),
    "a deposit in another login": lambda: good(
        emulator=an_emulator(deposits=[{**RESERVED, "user": "other.user"}]),
    ),
}


@pytest.mark.parametrize("case", ALL_RIGHT)
def test_what_is_in_order_breaks_nothing(case: str) -> None:
    assert [name for name, holds in check(ALL_RIGHT[case]()).items() if not holds] == []


def test_money_of_others_excuses_nothing_but_theirs() -> None:
    bought = [an_entry("-900.00", "ADD_DOMAIN", user="other.user")]
    paid_in = [an_entry("900.00", "PAYMENT")]
    for accounting in (bought, paid_in):
        assert not check(good(emulator=an_emulator(unfunded=["lost.com"], accounting=accounting)))["funded"]


def test_faults_of_the_wire_excuse_no_want_of_funds() -> None:
    evidence = good(emulator=an_emulator(unfunded=["lost.com"], faults={"timeout_before": 1}))
    assert not check(evidence)["funded"]


# Dates and words

FRIDAY, MONDAY = NOW + timedelta(days=3), NOW + timedelta(days=6)
TOLD_BY_USER = a_date(DateSource.USER, drop_at=MONDAY)
TOLD_BY_PROVIDER = a_date(DateSource.PROVIDER, finalization_at=FRIDAY)


def broken(name: str, **changes: Any) -> bool:
    return not check(replace(good(), **changes))[name]


def test_whoever_does_not_go_by_the_best_source_breaks_the_ranks() -> None:
    right = a_dated_backorder(finalization_at=FRIDAY, dates=(TOLD_BY_PROVIDER, TOLD_BY_USER))
    assert not broken("dates_ranked", backorders=[right])
    assert broken("dates_ranked", backorders=[changed(right, finalization_at=MONDAY)])
    assert broken("dates_ranked", backorders=[changed(right, finalization_at=None, batch_starts_at=MONDAY)])
    assert broken("dates_ranked", outranked=["john.com: dated by provider, then by user"])


def test_a_change_by_a_lower_rank_is_seen_and_one_by_a_better_is_none() -> None:
    by_user = a_backorder(batch_starts_at=MONDAY, dates=(TOLD_BY_USER,))
    by_provider = a_dated_backorder(finalization_at=FRIDAY, dates=(TOLD_BY_PROVIDER,))
    assert outranked(by_provider, by_user) == "john.com: dated by provider, then by user"
    assert outranked(by_user, by_provider) is None
    assert outranked(by_user, changed(by_user, batch_starts_at=FRIDAY)) is None
    assert outranked(a_backorder(), by_user) is None


CANCELS = Word("cancel", LONG_AGO)
WANTS = Word("wanted", LONG_AGO, priority=usd(9))


@pytest.mark.parametrize(
    ("backorder", "word", "is_broken"),
    [
        (a_backorder(state=State.CANCELLED), CANCELS, False),
        (a_backorder(state=State.HELD), CANCELS, True),
        (a_backorder(state=State.REQUESTED, cancel_requested=True), CANCELS, False),
        (a_backorder(state=State.REQUESTED), CANCELS, True),
        (a_backorder(state=State.HELD, history=(a_step(entry=ListPlace("cancel/a.txt", "v1", 1)),)), CANCELS, True),
        (a_placed_backorder(origin=Origin.FOREIGN), CANCELS, False),
        (a_backorder(state=State.FAILED, history=(a_step(State.PROCESSING, State.FAILED),)), CANCELS, True),
        (a_backorder(state=State.CANCELLED), WANTS, True),
        (a_backorder(state=State.CANCELLED, last_chance=LONG_AGO), WANTS, False),
        (a_backorder(priority=usd(9)), WANTS, False),
        (a_backorder(priority=usd(5)), WANTS, True),
        (a_backorder(state=State.REQUESTED, history=(a_step(entered=State.REQUESTED),)), WANTS, False),
    ],
)
def test_each_name_is_as_the_last_word_left_it(backorder: Any, word: Word, is_broken: bool) -> None:
    assert broken("last_word", backorders=[backorder], words={"john.com": word}) is is_broken


def test_of_two_words_the_newer_counts_and_of_one_second_the_cancel() -> None:
    wants, cancels = Word("wanted", NOW), Word("cancel", NOW)
    for first, second in ((wants, cancels), (cancels, wants)):
        assert newest({"john.com": first}, "john.com", second) == cancels
    assert newest({"john.com": cancels}, "john.com", replace(wants, at=LATER)).kind == "wanted"
