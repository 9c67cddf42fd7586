"""`ops doctor`: what each check concludes from what was seen."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from backorder.documents.halt import Halt
from backorder.documents.runs import Run, Scheduled
from backorder.documents.successes import Stage, Successes
from backorder.domain.clock_difference import Ahead
from backorder.provider.hexonet.account import UserStatus
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.provider.hexonet.names import Contact, DomainOptions
from backorder.provider.port import AccessDenied, AccountStatus
from backorder.rules import KeptRules, Rules, parse_rules
from local.emulator.commands import applications
from ops.doctor import deployment
from ops.doctor import provider as at_provider
from ops.doctor.checks import Check, Diagnosis, Verdict, looked, ok, render
from ops.doctor.provider import Caller
from ops.doctor.settings import zones_of
from tests.factories import NOW, an_account_status

OK, WARNING, FAULT = Verdict.OK, Verdict.WARNING, Verdict.FAULT


def a_user(*allowed: str, **relations: str) -> UserStatus:
    return UserStatus("test.user", "USD", Decimal(0), Decimal(0), allowed, relations)


def options(domain: str = "backorder-doctor.com", **changes: Any) -> DomainOptions:
    facts: dict[str, Any] = {
        "domain": domain,
        "repository": "COM-1API",
        "name_servers": 2,
        "owner_contacts": 1,
        "admin_contacts": 1,
        "tech_contacts": 1,
        "billing_contacts": 0,
        "periods": ("1Y",),
    }
    return DomainOptions(**{**facts, **changes})


def verdicts(checks: Iterable[Check]) -> list[Verdict]:
    return [check.verdict for check in checks]


@pytest.mark.parametrize(
    ("allowed", "caller", "verdict"),
    [
        ([], Caller(changes=True), OK),
        (["203.0.113.7"], Caller(changes=True), FAULT),
        (["203.0.113.7"], Caller("203.0.113.7"), OK),
        (["203.0.113.0/24"], Caller("203.0.113.7"), OK),
        (["203.0.113.7"], Caller("203.0.113.8"), FAULT),
        (["my office"], Caller("203.0.113.8"), FAULT),
        (["203.0.113.7"], Caller(), OK),
    ],
)
def test_the_source_address_must_be_one_that_the_account_allows(
    allowed: list[str], caller: Caller, verdict: Verdict
) -> None:
    assert at_provider.address(a_user(*allowed), caller).verdict is verdict


def test_an_account_with_nothing_left_to_order_with_is_told_so() -> None:
    assert verdicts(at_provider.funds(an_account_status(Decimal(100)), Rules())) == [OK]
    assert verdicts(at_provider.funds(an_account_status(Decimal(100), Decimal(100)), Rules())) == [WARNING]
    keep = parse_rules('[funding]\nkeep = "100.00"')
    assert verdicts(at_provider.funds(an_account_status(Decimal(100)), keep)) == [WARNING]


def test_a_credit_line_counts_where_the_rules_use_it() -> None:
    rules = parse_rules("[funding]\nuse_credit = true")
    account = AccountStatus(Decimal(0), Decimal(500), Decimal(0), "EUR", Decimal(19))

    assert verdicts(at_provider.funds(account, rules)) == [OK]
    assert verdicts(at_provider.funds(an_account_status(Decimal(5)), rules)) == [OK, WARNING]


def test_prices_that_nobody_told_are_an_assumption() -> None:
    told = parse_rules('[fees]\ncom = "59.00"')

    assert at_provider.prices(a_user(), Rules(), ["com"], "USD").verdict is WARNING
    assert at_provider.prices(a_user(), told, ["com"], "USD").verdict is OK
    own = at_provider.prices(a_user(PRICE_CLASS_BACKORDER_COM_SETUP="72.00"), Rules(), ["com"], "USD")
    assert own.verdict is OK
    assert "PRICE_CLASS_BACKORDER_COM_SETUP 72.00" in own.told


def test_contacts_of_all_zones_are_looked_up_though_the_rules_name_no_zone() -> None:
    rules = parse_rules('[provider]\nowner_contacts = ["P-ALL"]\n[provider.zones.se]\nowner_contacts = ["P-SE"]\n')
    assert at_provider.handles(rules, []) == ["P-ALL"]
    assert at_provider.handles(rules, ["se"]) == ["P-ALL", "P-SE"]
    assert at_provider.handles(Rules(), ["com"]) == []


def test_a_contact_that_is_not_there_is_a_fault() -> None:
    assert at_provider.contact("P-NIX", None).verdict is FAULT
    assert at_provider.contact("P-ONE", Contact("P-ONE", "ACTIVE", "DE")).verdict is OK
    assert at_provider.contact("P-ONE", Contact("P-ONE", "HOLD", "DE")).verdict is WARNING


@pytest.mark.parametrize(
    ("rules", "zone", "seen", "told"),
    [
        ("", "com", options(), []),
        ("", "xyz", None, ["xyz: the provider does not know it"]),
        (
            "",
            "us",
            options(),
            ["us: its registry asks for X-US-NEXUS-APPPURPOSE", "us: its registry asks for X-US-NEXUS-CATEGORY"],
        ),
        (
            '[provider.zones.us]\nX-US-NEXUS-CATEGORY = "C11"',
            "us",
            options(),
            ["us: its registry asks for X-US-NEXUS-APPPURPOSE"],
        ),
        (
            '[provider.zones.us]\nX-US-NEXUS-APPPURPOSE = "P1"\nX-US-NEXUS-CATEGORY = "C11"',
            "us",
            options(),
            [],
        ),
        (
            '[provider.zones.com]\nOWNERCONTACT0 = "P-A"\nADMINCONTACT0 = "P-A"',
            "com",
            options(),
            ["com: needs 1 tech contact, and 0 are set"],
        ),
        (
            '[provider.zones.com]\nNAMESERVER0 = "ns1.example.com"',
            "com",
            options(),
            ["com: needs 2 name servers, and 1 are set"],
        ),
    ],
)
def test_what_a_zone_needs_is_compared_with_what_its_orders_carry(
    rules: str, zone: str, seen: DomainOptions | None, told: list[str]
) -> None:
    checks = list(at_provider.zone_needs(zone, seen, parse_rules(rules)))

    assert [check.told for check in checks] == told
    assert all(check.advice for check in checks)


class Denying(HexonetClient):
    """Refuses every call; the placeholder is not even tried."""

    def __init__(self) -> None:
        self.asked = 0

    def check_authentication(self) -> None:
        self.asked += 1
        raise AccessDenied("Authentication failed", code=530)


def test_without_a_login_nothing_else_is_asked() -> None:
    provider = Denying()

    (check,) = at_provider.examine(
        provider, Credentials("me", "pw"), rules=Rules(), zones=["com"], caller=Caller(changes=True), clock=lambda: NOW
    )

    assert (check.name, check.verdict, check.told) == ("login", FAULT, "530 Authentication failed")


def test_the_placeholder_is_told_without_asking_the_provider() -> None:
    provider = Denying()

    (check,) = at_provider.examine(
        provider, Credentials("replace-me", "replace-me"), rules=Rules(), zones=[], caller=Caller(), clock=lambda: NOW
    )

    assert check.verdict is FAULT
    assert "placeholder" in check.told
    assert provider.asked == 0


def test_the_zones_are_those_of_the_rules_and_of_the_names_that_are_open() -> None:
    rules = parse_rules('[select]\nzones = ["net"]\n[fees]\ncom = "1"\n[provider.zones.se]\nlite = true')

    assert zones_of(rules, {"org"}) == ["com", "net", "org", "se"]


# What is deployed


def test_rules_that_are_broken_are_a_fault() -> None:
    assert deployment.rules_in_use(None).verdict is OK
    assert deployment.rules_in_use(KeptRules(Rules(), "v1", NOW)).verdict is OK
    broken = deployment.rules_in_use(KeptRules(Rules(), "v1", NOW, broken="line 3: …"))
    assert (broken.verdict, "line 3" in broken.told) == (FAULT, True)


def test_a_halted_line_is_a_fault_with_what_lifts_it() -> None:
    assert deployment.line(None, Run(NOW), NOW).verdict is OK
    denied = deployment.line(Halt("access", "530", NOW), Run(NOW), NOW)
    assert (denied.verdict, "login" in denied.advice) == (FAULT, True)
    mistyped = deployment.line(Halt("setting", "545", NOW), Run(NOW), NOW)
    assert (mistyped.verdict, "mend the setting" in mistyped.advice) == (FAULT, True)
    outdated = deployment.line(Halt("rules", "line 1", NOW), Run(NOW), NOW)
    assert (outdated.verdict, "put` it with --kind rules" in outdated.advice) == (FAULT, True)


def test_orders_are_not_said_to_flow_before_any_plan_has_run() -> None:
    unknown = deployment.line(None, None, NOW)

    assert (unknown.verdict, unknown.told) == (WARNING, "not known: no plan has run yet")


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (Run(NOW - timedelta(minutes=4)), OK),
        (Run(NOW - timedelta(minutes=4), {"skipped": "no answer"}), WARNING),
        (Run(NOW - timedelta(minutes=16)), FAULT),
    ],
)
def test_a_plan_that_does_not_run_is_a_fault(run: Run, verdict: Verdict) -> None:
    assert deployment.ran("plan", run, NOW, created=NOW - timedelta(days=9)).verdict is verdict


@pytest.mark.parametrize(
    ("function", "age", "verdict"),
    [
        ("plan", timedelta(minutes=14), WARNING),
        ("plan", timedelta(minutes=16), FAULT),
        ("reconcile", timedelta(minutes=16), WARNING),
        ("reconcile", timedelta(minutes=121), FAULT),
    ],
)
def test_what_never_ran_is_a_fault_once_the_stack_is_old_enough_for_it(
    function: Scheduled, age: timedelta, verdict: Verdict
) -> None:
    assert deployment.ran(function, None, NOW, created=NOW - age).verdict is verdict


def test_what_never_ran_is_a_warning_where_nobody_knows_how_old_the_stack_is() -> None:
    assert deployment.ran("plan", None, NOW, created=None).verdict is WARNING


def test_a_schedule_that_is_off_is_a_fault_unless_it_is_off_by_default() -> None:
    states = {"PlanSchedule": "DISABLED", "ReconcileSchedule": "ENABLED", "FetchSchedule": "DISABLED"}

    (check,) = deployment.schedules(states)

    assert (check.verdict, check.told) == (FAULT, "PlanSchedule is disabled")
    (check,) = deployment.schedules({"PlanSchedule": "ENABLED", "FetchSchedule": "DISABLED"})
    assert (check.verdict, check.told) == (OK, "PlanSchedule: on")


def test_a_mail_address_has_to_be_confirmed() -> None:
    assert verdicts(deployment.mail([])) == [WARNING]
    assert verdicts(deployment.mail([("me@example.com", "PendingConfirmation")])) == [FAULT]
    assert verdicts(deployment.mail([("me@example.com", "arn:aws:sns:…")])) == [OK]


def test_dead_letters_are_a_fault() -> None:
    assert deployment.letters({"lists": 0, "rule": 0}).verdict is OK
    assert deployment.letters({"lists": 2, "rule": 0}).told == "2 in lists"


def test_what_aws_does_not_let_us_look_at_is_told_and_the_rest_goes_on() -> None:
    def denied() -> list[Check]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "GetSchedule")

    (check,) = looked("schedules", denied)

    assert check.verdict is WARNING
    assert "does not allow GetSchedule" in check.told


def test_the_stage_is_named_loudly() -> None:
    out = io.StringIO()

    render(Diagnosis("backorder-live", "live", (ok("line", "orders flow"),)), Console(file=out, width=100))

    assert "LIVE: orders cost money" in out.getvalue()
    assert "1 ok." in out.getvalue()


def test_what_zones_are_said_to_need_is_what_the_emulator_misses_in_their_orders() -> None:
    assert at_provider.NEEDED == applications.NEEDED_BY_ZONE


def test_a_stage_without_success_for_too_long_is_a_fault_and_the_others_are_named() -> None:
    known = Successes(
        at={Stage.PLAN: NOW - timedelta(minutes=3), Stage.BOOKS: NOW - timedelta(hours=7)},
        expected_since=dict.fromkeys((Stage.PLAN, Stage.BOOKS), NOW - timedelta(days=1)),
    )

    books, others = deployment.stages(known, NOW)

    assert (books.verdict, books.told) == (FAULT, "books not compared for 7 hours")
    assert (others.verdict, others.told) == (OK, "orders planned 3 minutes ago")


@pytest.mark.parametrize(
    ("least", "most", "verdict", "told"),
    [
        (-1, 1, OK, "the provider's clock agrees with ours"),
        (9, 11, OK, "the provider's clock agrees with ours"),
        (11, 12, WARNING, "the provider's clock is 11 seconds ahead of ours"),
        (-63, -61, WARNING, "the provider's clock is 61 seconds behind ours"),
    ],
)
def test_a_clock_that_is_off_is_told(least: int, most: int, verdict: Verdict, told: str) -> None:
    check = at_provider.clocks(Ahead(timedelta(seconds=least), timedelta(seconds=most)))
    assert (check.verdict, check.told) == (verdict, told)
    assert ("a call more" in check.advice) is (verdict is WARNING)


def test_a_clock_of_which_nobody_knows_is_told() -> None:
    assert at_provider.clocks(None).verdict is WARNING
