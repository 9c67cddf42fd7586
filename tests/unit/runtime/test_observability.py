"""Metrics, alarms, dashboard and runbook: each says what the others say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import planning.app
from backorder.documents.successes import Stage, ages, note_success
from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.provider.port import Called
from backorder.runtime.observability import METRICS, measure, measure_by, metrics
from fetching.app import measure_tick as measure_fetch
from fetching.fetch import Summary as Fetch
from local.memory_store import MemoryStore
from local.stack.deployment import translate
from local.stack.local_stack import TEMPLATE
from local.stack.processes import PROJECT
from planning.app import measure_tick
from planning.plan_submissions import Summary as Tick
from planning.plan_submissions import urgency
from reconciliation.app import measure_run
from reconciliation.reconcile import Summary as Run
from submission.metrics import Watch
from tests.factories import NOW, a_backorder, changed

RUNBOOK = (PROJECT / "docs" / "operations.md").read_text()


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = translate(TEMPLATE)["Resources"]
    return found


@pytest.fixture(scope="module")
def alarms(resources: dict[str, Any]) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Callable[[], None]], Any]:
    """Calls something as a handler would, and gives what it measured: metric → values, by its dimensions."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Backorders/test")
    monkeypatch.setattr(metrics.provider, "namespace", "Backorders/test")  # read when the function starts
    monkeypatch.setattr(metrics.provider, "service", "submit_backorders")

    def run(act: Callable[[], None]) -> list[dict[str, Any]]:
        metrics.log_metrics(lambda _event, _context: act())({}, None)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def test_each_alarm_leads_to_its_section_of_the_runbook(alarms: dict[str, Any]) -> None:
    sections = {_anchor(heading): heading for heading in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)}
    assert alarms
    for name, alarm in alarms.items():
        anchor = alarm["AlarmDescription"].rpartition("docs/operations.md#")[2]
        assert anchor in sections, name
        told = RUNBOOK.partition(f"### {sections[anchor]}\n")[2].partition("\n### ")[0]
        assert name in told, f"{name} is not named under '{sections[anchor]}'"


def test_the_runbook_names_no_alarm_that_does_not_exist(alarms: dict[str, Any]) -> None:
    assert set(re.findall(r"\b[A-Z]\w+Alarm\b", RUNBOOK)) == set(alarms)


def test_every_alarm_reaches_the_topic(alarms: dict[str, Any]) -> None:
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlertTopic"}]


@pytest.mark.parametrize(
    "function", ["FetchList", "IngestList", "PlanSubmissions", "ReconcileAccount", "SubmitBackorders"]
)
def test_one_crash_raises_the_alarm_however_seldom_the_function_runs(function: str, alarms: dict[str, Any]) -> None:
    """A reconciliation that fails each hour fails once in any quarter of an hour, and a sweep once a day."""
    alarm = alarms["ErrorsAlarm"]
    crashes = [metric["Id"] for metric in alarm["Metrics"] if function in json.dumps(metric)]
    (sums,) = (metric["Expression"] for metric in alarm["Metrics"] if "Expression" in metric)

    assert [f"FILL({crash}, 0)" in sums.split(" + ") for crash in crashes] == [True]
    assert (alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("GreaterThanThreshold", 1)
    assert 1 > alarm["Threshold"] >= 0


def test_errors_are_counted_as_lambda_counts_them(alarms: dict[str, Any], resources: dict[str, Any]) -> None:
    counted = [metric["MetricStat"] for metric in alarms["ErrorsAlarm"]["Metrics"] if "MetricStat" in metric]
    functions = {name for name, of in resources.items() if of["Type"] == "AWS::Lambda::Function"}

    assert {one["Metric"]["Dimensions"][0]["Value"]["Ref"] for one in counted} == functions
    assert {(one["Metric"]["Namespace"], one["Metric"]["MetricName"], one["Stat"]) for one in counted} == {
        ("AWS/Lambda", "Errors", "Sum")
    }


def test_the_dashboard_shows_every_alarm(alarms: dict[str, Any], resources: dict[str, Any]) -> None:
    assert set(re.findall(r"\$\{(\w+Alarm)\.Arn\}", _dashboard(resources))) == set(alarms)


def test_alarms_and_dashboard_use_metrics_that_exist(alarms: dict[str, Any], resources: dict[str, Any]) -> None:
    for name, alarm in alarms.items():
        if alarm.get("Namespace") not in ("AWS/SQS", "AWS/Lambda", None):
            metric = METRICS[alarm["MetricName"]]
            service, *by = alarm["Dimensions"]
            assert service == {"Name": "service", "Value": metric.service}, name
            assert [each["Name"] for each in by] == ([metric.by] if metric.by else []), name
    shown = set()
    for drawn in _own_metrics(json.loads(_dashboard(resources))):
        assert drawn[3] == METRICS[drawn[1]].service
        shown.add(drawn[1])
    searched = set(re.findall(r'MetricName=\\"(\w+)\\"', _dashboard(resources)))
    assert shown | searched == set(METRICS) - {"Unexplained", "LineHalted", "Entries"}


def _dashboard(resources: dict[str, Any]) -> str:
    text: str = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return text


def _own_metrics(body: dict[str, Any]) -> Iterator[list[Any]]:
    for widget in body["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], str) and metric[0].startswith("Backorders/"):
                yield metric


def test_every_function_writes_into_the_namespace_that_is_watched(resources: dict[str, Any]) -> None:
    functions = {r["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for r in resources.values()
                 if r["Type"] == "AWS::Lambda::Function"}  # fmt: skip
    for metric in METRICS.values():
        assert metric.service in functions


def test_the_docs_list_every_metric() -> None:
    rows = [
        f"| `{name}` | {metric.says}{f', by {metric.by}' if metric.by else ''} |" for name, metric in METRICS.items()
    ]
    for row in rows:
        assert row in RUNBOOK


def test_calls_and_orders_are_counted_once(written: Callable[[Callable[[], None]], Any]) -> None:
    watch = Watch()
    watch.called(Called("AddDomainApplication", 200, True, 120, 16))
    watch.called(Called("AddDomainApplication", 549, False, 80, 8))
    watch.called(Called("AddDomainApplication", None, False, 20_000, 8))
    watch.worked({"placed": 1, "again": 1, "unknown": 1})

    lines = written(watch.measure)
    again = written(watch.measure)

    (plain,) = [line for line in lines if "Ordered" in line]
    assert (plain["Ordered"], plain["CallMilliseconds"], plain["CallsAtOnce"]) == ([1], [120, 80, 20_000], [8])
    assert {line["code"]: line["Refused"] for line in lines if "Refused" in line} == {"549": [1], "none": [1]}
    assert [line["Ordered"] for line in again] == [[0]]


def test_a_tick_is_measured(written: Callable[[Callable[[], None]], Any]) -> None:
    tick = Tick(open=7, queued=3, held=2, missed=1, capacity="100.00", drawn="59.00", shortfall="77.00", at_risk=1)

    (line,) = written(lambda: measure_tick(tick))

    names = ("OpenNames", "LineHalted", "Queued", "Held", "Missed", "AtRisk", "Capacity", "Drawn", "Shortfall")
    assert [line[name] for name in names] == [[7], [0], [3], [2], [1], [1], [100], [59], [77]]


def test_a_tick_that_saw_no_account_says_nothing_of_funds(written: Callable[[Callable[[], None]], Any]) -> None:
    (line,) = written(lambda: measure_tick(Tick(halted="530")))

    assert line["LineHalted"] == [1]
    assert "Capacity" not in line


def test_a_plan_that_crashes_measures_how_old_the_stages_are_all_the_same(
    written: Callable[[Callable[[], None]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: Any, **_more: Any) -> Tick:
        raise RuntimeError("the table is being restored")

    settings = SimpleNamespace(expected=[stage for stage in Stage if stage is not Stage.LISTS])
    measure("LineHalted", 0)
    tick = SimpleNamespace(store=MemoryStore(), clock=lambda: NOW)
    note_success(tick.store, NOW - timedelta(minutes=90), Stage.BOOKS)
    monkeypatch.setattr(planning.app.Settings, "from_environment", lambda _environment: settings)
    monkeypatch.setattr(planning.app, "planning", lambda: tick)
    monkeypatch.setattr(planning.app, "plan_submissions", crash)
    ages(tick.store, settings.expected, NOW - timedelta(hours=2))

    context = SimpleNamespace(aws_request_id="1", memory_limit_in_mb=1769)

    def call() -> None:
        with pytest.raises(RuntimeError):
            planning.app.handler.__wrapped__.__wrapped__({}, context)  # type: ignore[attr-defined]

    lines = written(call)

    [memory] = [line["PlanMemory"] for line in lines if "PlanMemory" in line]
    assert 1 < memory[0] < 100
    assert {line["stage"]: line["Age"] for line in lines if "Age" in line} == {
        "plan": [7200],
        "account": [7200],
        "applications": [7200],
        "books": [5400],
        "reports": [7200],
    }


@pytest.mark.parametrize(("unheard", "measured"), [(None, 0), ("you@example.com gets no mail", 1)])
def test_an_address_without_mail_is_measured(
    written: Callable[[Callable[[], None]], Any], unheard: str | None, measured: int
) -> None:
    lines = written(lambda: measure_run(Run(unheard=unheard)))

    assert [line["MailUnheard"] for line in lines if "MailUnheard" in line] == [[measured]]


def test_a_fetch_is_measured_and_its_names_only_once_the_list_is_whole(
    written: Callable[[Callable[[], None]], Any],
) -> None:
    (failed,) = written(lambda: measure_fetch(Fetch(pages=2, names=20_000, goes_on="no answer", failed=True)))
    (whole,) = written(lambda: measure_fetch(Fetch(pages=1, names=25_000, list="dropping/fetched/2026-11-24.csv.gz")))
    (idle,) = written(lambda: measure_fetch(Fetch(skipped="the list of the day is there")))

    assert (failed["Pages"], failed["PagesFailed"], "Names" in failed) == ([2], [1], False)
    assert (whole["Pages"], whole["PagesFailed"], whole["Names"]) == ([1], [0], [25_000])
    assert (idle["Pages"], idle["PagesFailed"], "Names" in idle) == ([0], [0], False)


def test_dates_that_were_found_are_counted(written: Callable[[Callable[[], None]], Any]) -> None:
    lines = written(lambda: measure_run(Run(dated=4)))

    assert [line["Dated"] for line in lines if "Dated" in line] == [[4]]


@pytest.mark.parametrize(("number", "measured"), [(2, [[2]]), (0, [[0]]), (None, [])])
def test_items_that_are_not_understood_are_counted_where_a_run_looked(
    written: Callable[[Callable[[], None]], Any], number: int | None, measured: list[list[int]]
) -> None:
    lines = written(lambda: measure_run(Run(not_understood=number)))

    assert [line["ItemsNotUnderstood"] for line in lines if "ItemsNotUnderstood" in line] == measured


def test_open_findings_are_counted_by_kind(written: Callable[[Callable[[], None]], Any]) -> None:
    run = Run(findings_open={"shortfall": 1, "refund_missing": 2}, unexplained="12.50")

    lines = written(lambda: measure_run(run))

    assert {line["kind"]: line["Findings"] for line in lines if "Findings" in line} == {
        "shortfall": [1],
        "refund_missing": [2],
    }
    assert [line["Unexplained"] for line in lines if "Unexplained" in line] == [[12.5]]


def test_names_that_are_not_ordered_are_at_risk_within_half_an_hour_of_their_deadline() -> None:
    def due(minutes: float, state: State = State.SELECTED) -> Backorder:
        return changed(a_backorder(), state=state, deadline=NOW + timedelta(minutes=minutes))

    assert urgency([], NOW) == (0, None)
    assert urgency([a_backorder()], NOW) == (0, None)  # no date, no deadline
    assert urgency([due(31)], NOW) == (0, 31)
    assert urgency([due(30), due(31)], NOW) == (1, 30)
    assert urgency([due(10, State.QUEUED), due(20, State.SUBMITTING)], NOW) == (2, 10)
    assert urgency([due(10, State.REQUESTED), due(-1), due(0)], NOW) == (0, None)


def test_no_metric_is_written_that_is_not_in_the_table() -> None:
    with pytest.raises(KeyError):
        measure("Domains", 1)
    with pytest.raises(AssertionError):
        measure_by("Ordered", {"com": 1})
