"""What `make deploy-check` changes in the template for its emulator of AWS: what it must, and nothing else."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.stack.local_stack import TEMPLATE
from tools.deploy_check.gaps import GAPS, Template, for_the_emulator
from tools.deploy_check.sandbox import TROUBLE, end_of

BUILT = Path("/somewhere/build")


@pytest.fixture
def template() -> Template:
    parsed: Template = json.loads(json.dumps(yaml_parse(TEMPLATE.read_text(encoding="utf-8"))))
    return parsed


@pytest.fixture
def changed(template: Template) -> Template:
    return for_the_emulator(template, BUILT, 1)


def of_type(template: Template, type_: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == type_]


def actions(template: Template) -> Iterator[list[str]]:
    for role in of_type(template, "AWS::IAM::Role"):
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]


def test_every_alarm_watches_one_metric(changed: Template) -> None:
    for alarm in of_type(changed, "AWS::CloudWatch::Alarm"):
        assert "Metrics" not in alarm
        assert {"Namespace", "MetricName", "Dimensions", "Statistic", "Period"} <= alarm.keys()


def test_the_secret_is_named_by_its_arn_wherever_it_is_named(template: Template, changed: Template) -> None:
    ref, arn = '{"Ref": "ProviderSecret"}', '{"Fn::GetAtt": ["ProviderSecret", "Id"]}'

    assert ref in json.dumps(template)
    assert ref not in json.dumps(changed)
    assert json.dumps(changed).count(arn) == json.dumps(template).count(ref)


def test_no_function_is_told_of_an_endpoint(template: Template, changed: Template) -> None:
    assert template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == ""
    assert "AWS_ENDPOINT_URL" not in json.dumps(changed)


def test_whoever_may_send_or_delete_a_message_may_do_so_with_many_and_no_other_right_is_added(
    template: Template, changed: Template
) -> None:
    pairs = list(zip(actions(template), actions(changed), strict=True))

    assert any(before != after for before, after in pairs)
    for before, after in pairs:
        added = {action for action in after if action not in before}
        assert added == {f"{action}Batch" for action in ("sqs:SendMessage", "sqs:DeleteMessage") if action in before}


def test_a_concurrency_is_a_number_and_what_becomes_a_variable_stays_text(
    template: Template, changed: Template
) -> None:
    before, after = template["Mappings"]["ByParallelCalls"], changed["Mappings"]["ByParallelCalls"]

    assert {calls: shares["Concurrency"] for calls, shares in after.items()} == {
        calls: int(shares["Concurrency"]) for calls, shares in before.items()
    }
    assert all(isinstance(shares["PoolSize"], str) for shares in after.values())


def test_schedules_say_now(changed: Template) -> None:
    schedules = of_type(changed, "AWS::Scheduler::Schedule")

    assert [json.loads(schedule["Target"]["Input"]) for schedule in schedules] == [{"at": "now"}] * len(schedules)


def test_each_creation_has_a_table_and_a_secret_of_its_own(template: Template) -> None:
    def names(creation: int) -> list[str]:
        changed = for_the_emulator(template, BUILT, creation)
        (table,), (secret,) = of_type(changed, "AWS::DynamoDB::Table"), of_type(changed, "AWS::SecretsManager::Secret")
        return [table["TableName"]["Fn::Sub"], secret["Name"]["Fn::Sub"]]

    assert not set(names(1)) & set(names(2))
    assert names(1) == names(1)


def test_the_code_is_where_it_was_built(changed: Template) -> None:
    folders = {of["CodeUri"] for of in of_type(changed, "AWS::Serverless::Function")}

    assert str(BUILT / "functions/submit") in folders
    assert all(folder.startswith(str(BUILT)) for folder in folders)


def test_no_resource_parameter_or_output_is_added_or_left_out_and_what_was_built_stays_as_it_is(
    template: Template,
) -> None:
    before = copy.deepcopy(template)

    changed = for_the_emulator(template, BUILT, 1)

    assert template == before
    assert changed["Parameters"] == before["Parameters"]
    assert changed["Rules"] == before["Rules"]
    assert changed["Resources"].keys() == before["Resources"].keys()
    assert changed["Outputs"].keys() == before["Outputs"].keys()


def test_of_a_log_the_last_lines_are_shown_and_of_a_long_line_both_ends() -> None:
    shown = end_of("\n".join([*(f"line {n}" for n in range(100)), f"begins{'.' * 9000}AccessDenied"])).splitlines()

    assert "line 99" in shown
    assert "line 0" not in shown
    assert shown[-1].startswith("begins")
    assert shown[-1].endswith("AccessDenied")
    assert len(shown[-1]) < 1000


@pytest.mark.parametrize(
    ("line", "tells"),
    [
        ("ERROR [cloudformation] Failed to provision Topic", True),
        ('{"level":"ERROR","message":"batch_not_queued"}', True),
        ("User is not authorized to perform: sqs:SendMessage", True),
        ("ERROR [asyncio] Unhandled exception in client_connected_cb", False),
        ('{"level":"INFO","message":"planned"}', False),
    ],
)
def test_what_went_wrong_is_told_from_what_is_usual_in_the_emulator_s_log(line: str, tells: bool) -> None:
    assert bool(TROUBLE.match(line)) is tells


def test_every_gap_gives_its_reason() -> None:
    assert all(gap.__doc__ for gap in GAPS)
