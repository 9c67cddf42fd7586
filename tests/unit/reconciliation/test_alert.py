"""The message to the topic: one a run, the most urgent first."""

from __future__ import annotations

from itertools import permutations

import pytest

from backorder.domain.findings import Kind, Severity
from reconciliation.alert import MOST_OF_A_KIND, SUBJECT_LIMIT, compose, console_link
from tests.factories import a_finding

REPORT = "https://eu-west-1.console.aws.amazon.com/s3/object/reports?region=eu-west-1&prefix=latest/report.html"


def test_a_message_about_one_thing_says_which() -> None:
    message = compose([a_finding(Kind.SHORTFALL, "account", advice="Pay in 69.00 USD soon.")], report=REPORT)
    assert message.subject == "Backorders: Funds are short"
    assert message.body == f"Funds are short\n===============\n- Pay in 69.00 USD soon.\n\nThe report: {REPORT}\n"


def test_findings_are_grouped_by_kind_the_most_urgent_first() -> None:
    findings = [
        a_finding(Kind.REFUND_MISSING, "john.com"),
        a_finding(Kind.LINE_HALTED, "line"),
        a_finding(Kind.REFUND_MISSING, "jane.com"),
    ]
    message = compose(findings, report=REPORT)
    assert message.subject == "Backorders: Orders have stopped (and 2 more)"
    assert message.body == (
        "Orders have stopped\n===================\n- line needs a person.\n\n"
        "Deposits that did not come back\n===============================\n"
        f"- john.com needs a person.\n- jane.com needs a person.\n\nThe report: {REPORT}\n"
    )


def test_the_order_in_which_kinds_were_found_does_not_matter() -> None:
    findings = [a_finding(kind) for kind in list(Kind)[:3]]
    assert len({compose(order, report=REPORT) for order in permutations(findings)}) == 1


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_told(kind: Kind) -> None:
    message = compose([a_finding(kind, advice="Do this.")], report=REPORT)
    assert "- Do this." in message.body
    assert message.subject.startswith("Backorders: ")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_described(kind: Kind) -> None:
    assert kind.severity in Severity
    assert kind.heading.isascii()
    assert kind.heading not in {other.heading for other in Kind if other is not kind}


def test_what_is_urgent_stands_above_what_can_wait() -> None:
    ranked = sorted(Kind, key=lambda kind: kind.rank)
    assert ranked == list(Kind)
    severities = [kind.severity for kind in ranked]
    assert severities == sorted(severities, key=list(Severity).index)


def test_of_each_kind_as_much_is_told_as_sns_takes_and_how_many_there_are_besides() -> None:
    findings = [a_finding(kind, f"name-{n}.com", advice=f"{n} {'x' * 2000}") for kind in Kind for n in range(5000)]
    message = compose(findings, report=REPORT)
    assert len(message.body.encode()) < 250_000
    assert message.body.count(f"- and {5000 - MOST_OF_A_KIND:,} more") == len(Kind)
    few = [a_finding(kind, f"name-{n}.com") for kind in Kind for n in range(MOST_OF_A_KIND)]
    assert all(f"- {finding.advice}\n" in compose(few, report=REPORT).body for finding in few)
    assert len(message.subject) <= SUBJECT_LIMIT
    assert message.subject.isascii()
    assert message.subject.isprintable()


def test_the_report_is_where_the_console_of_its_part_of_aws_shows_it() -> None:
    def link(region: str, partition: str) -> str:
        return console_link("reports", "latest/report.html", region=region, partition=partition)

    assert link("eu-west-1", "aws") == REPORT
    assert link("cn-north-1", "aws-cn").startswith("https://console.amazonaws.cn/s3/object/reports?region=cn-north-1&")
    assert link("us-gov-west-1", "aws-us-gov").startswith("https://console.amazonaws-us-gov.com/s3/object/reports?")
