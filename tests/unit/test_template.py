"""What must hold in the template, whatever else changes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.stack.deployment import translate
from local.stack.local_stack import TEMPLATE

NETWORK = TEMPLATE.parent / "network.yaml"
Resources = dict[str, dict[str, Any]]
# IAM has no narrower resource for these: an object's key is the user's, or a report's, choice.
OBJECTS = {
    "${ListsBucket.Arn}/*",
    "${ListsBucket.Arn}/dropping/fetched/*",
    "${ReportsBucket.Arn}/*",
    "${ReportsBucket.Arn}/fetching/*",
}

# What a function in a network may do besides; network.yaml says it.
IN_A_NETWORK = {
    "Fn::If": ["HasNetwork", [{"Fn::ImportValue": {"Fn::Sub": "${NetworkStack}-access"}}], {"Ref": "AWS::NoValue"}]
}


@pytest.fixture(scope="module")
def translated() -> dict[str, Any]:
    return translate(TEMPLATE)


@pytest.fixture(scope="module")
def resources(translated: dict[str, Any]) -> Resources:
    found: Resources = translated["Resources"]
    return found


def of_type(resources: Resources, type_: str) -> Resources:
    return {name: resource for name, resource in resources.items() if resource["Type"] == type_}


def test_the_translated_template_has_no_lint(translated: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "translated.json"
    path.write_text(json.dumps(translated))
    command = Path(sys.executable).with_name("cfn-lint")

    lint = subprocess.run([command, str(path)], capture_output=True, text=True, check=False)

    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_a_message_stays_hidden_for_longer_than_its_function_may_run(resources: Resources) -> None:
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        function = resources[mapping["Properties"]["FunctionName"]["Ref"]]["Properties"]
        queue = resources[mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        assert queue["VisibilityTimeout"] > function["Timeout"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_a_crash_on_a_message_is_an_error_of_its_function(resources: Resources) -> None:
    """With partial responses it would be a success to Lambda, of which no metric tells."""
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        assert "FunctionResponseTypes" not in mapping["Properties"]
        # Of several messages the good ones would come again with the bad one.
        assert mapping["Properties"]["BatchSize"] == 1


def test_whoever_may_send_itself_messages_may_do_so_as_often_as_it_takes(resources: Resources) -> None:
    """Lambda stops such a loop after some 16 rounds; nobody else is to have one."""
    own = set()
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        function = mapping["Properties"]["FunctionName"]["Ref"]
        (policy,) = resources[f"{function}Role"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            if (
                statement["Action"] == "sqs:SendMessage"
                and statement["Resource"] == mapping["Properties"]["EventSourceArn"]
            ):
                own.add(function)
    loops = {
        name: of["Properties"].get("RecursiveLoop") for name, of in of_type(resources, "AWS::Lambda::Function").items()
    }

    assert own == {"IngestList"}
    assert loops == {name: "Allow" if name in own else None for name in loops}


def test_a_dead_letter_outlives_the_queue_that_it_comes_from(resources: Resources) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    for queue in queues.values():
        if redrive := queue["Properties"].get("RedrivePolicy"):
            dead = queues[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]
            assert dead["Properties"]["MessageRetentionPeriod"] > queue["Properties"]["MessageRetentionPeriod"]


def test_every_number_of_parallel_calls_is_threads_times_functions(translated: dict[str, Any]) -> None:
    mapping = translated["Mappings"]["ByParallelCalls"]

    assert set(mapping) == set(translated["Parameters"]["ParallelCalls"]["AllowedValues"])
    for calls, shares in mapping.items():
        # Text, as CloudFormation has it: the values of a mapping are strings or lists.
        assert all(isinstance(share, str) for share in shares.values())
        assert int(shares["PoolSize"]) * int(shares["Concurrency"]) == int(calls)
        assert int(shares["Concurrency"]) >= 2


def test_what_keeps_data_stays_when_the_stack_goes_unless_its_creation_failed(resources: Resources) -> None:
    keepers = [
        resource
        for type_ in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret")
        for resource in of_type(resources, type_).values()
    ]

    assert len(keepers) == 4
    for keeper in keepers:
        assert (keeper["DeletionPolicy"], keeper["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize(
    ("type_", "policy", "targets"),
    [
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", lambda properties: [properties["Bucket"]]),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", lambda properties: properties["Queues"]),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", lambda properties: properties["Topics"]),
    ],
)
def test_what_others_can_reach_is_reached_over_tls_only(
    resources: Resources, type_: str, policy: str, targets: Any
) -> None:
    protected = [
        target["Ref"]
        for resource in of_type(resources, policy).values()
        if any(statement["Sid"] == "OnlyOverTls" for statement in resource["Properties"]["PolicyDocument"]["Statement"])
        for target in targets(resource["Properties"])
    ]

    assert sorted(protected) == sorted(of_type(resources, type_))


def test_searches_of_the_dashboard_quote_the_namespace_whose_name_has_a_slash(resources: Resources) -> None:
    widgets = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]
    searches = [
        metric["expression"]
        for widget in widgets
        for (metric, *_) in widget["properties"].get("metrics", [])
        if isinstance(metric, dict)
    ]

    assert searches
    for search in searches:
        assert search.startswith('SEARCH(\'{"Backorders/${AWS::StackName}",')


def test_no_right_is_wider_than_it_has_to_be(resources: Resources) -> None:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        assert role["Properties"].get("ManagedPolicyArns", IN_A_NETWORK) == IN_A_NETWORK, name
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in json.dumps(statement["Action"]), name
                wide = {part for part in _texts(statement["Resource"]) if "*" in part}
                assert wide <= OBJECTS, name


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else [str(value)]


def test_whoever_calls_the_provider_may_do_so_from_a_fixed_address(resources: Resources) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    callers = {
        name for name, of in functions.items() if "PROVIDER_ENDPOINT" in of["Properties"]["Environment"]["Variables"]
    }

    assert {name for name, of in functions.items() if "VpcConfig" in of["Properties"]} == callers
    for name in callers:
        condition, _, otherwise = functions[name]["Properties"]["VpcConfig"]["Fn::If"]
        assert (condition, otherwise) == ("HasNetwork", {"Ref": "AWS::NoValue"})
        assert resources[f"{name}Role"]["Properties"]["ManagedPolicyArns"] == IN_A_NETWORK


def test_the_network_exports_what_the_template_imports(translated: dict[str, Any]) -> None:
    network = yaml.load(NETWORK.read_text(), Loader=_Loader)
    exported = {output["Export"]["Name"].removeprefix("${AWS::StackName}") for output in network["Outputs"].values()}

    assert set(re.findall(r"\$\{NetworkStack\}(-[a-z-]+)", json.dumps(translated))) <= exported


class _Loader(yaml.SafeLoader):
    """Takes CloudFormation's short forms for what follows them."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: getattr(node, "value", None))


def test_every_function_has_a_role_and_a_log_of_its_own(resources: Resources) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")

    for name, function in functions.items():
        assert function["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
        assert function["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Log"}}
        assert resources[f"{name}Log"]["Properties"]["RetentionInDays"] > 0


@pytest.mark.parametrize("name", ["IngestList", "PlanSubmissions", "ReconcileAccount"])
def test_a_function_that_computes_has_a_whole_processor(name: str, resources: Resources) -> None:
    """Lambda gives one with 1,769 MB, and of less a share."""
    assert resources[name]["Properties"]["MemorySize"] == 1769


def test_a_schedule_is_not_repeated_by_anyone(resources: Resources) -> None:
    configs = {
        config["Properties"]["FunctionName"]["Ref"]: config["Properties"]["MaximumRetryAttempts"]
        for config in of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    }
    for schedule in of_type(resources, "AWS::Scheduler::Schedule").values():
        target = schedule["Properties"]["Target"]
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
        assert configs[target["Arn"]["Fn::GetAtt"][0]] == 0


def test_a_schedule_s_run_that_fails_is_told_by_mail(resources: Resources) -> None:
    """By Lambda, with the function's role, which SAM gives no right: each function has its own."""
    configs = {
        config["Properties"]["FunctionName"]["Ref"]: config["Properties"]["DestinationConfig"]
        for config in of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    }
    targets = {
        schedule["Properties"]["Target"]["Arn"]["Fn::GetAtt"][0]
        for schedule in of_type(resources, "AWS::Scheduler::Schedule").values()
    }

    assert configs == {name: {"OnFailure": {"Destination": {"Ref": "AlertTopic"}}} for name in targets}
    for name in targets:
        (policy,) = resources[f"{name}Role"]["Properties"]["Policies"]
        rights = [
            (statement["Effect"], statement["Resource"])
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Action"] == "sns:Publish"
        ]
        assert rights == [("Allow", {"Ref": "AlertTopic"})], name


def test_every_parameter_and_output_is_described(translated: dict[str, Any]) -> None:
    for parameter in translated["Parameters"].values():
        assert parameter["Description"]
        assert "AllowedValues" in parameter or "AllowedPattern" in parameter
    for output in translated["Outputs"].values():
        assert output["Description"]


def test_each_function_has_a_sample_event_of_the_right_kind(resources: Resources) -> None:
    events = {path.stem: json.loads(path.read_text()) for path in (TEMPLATE.parent / "events").glob("*_*.json")}

    for function in of_type(resources, "AWS::Lambda::Function").values():
        service = function["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        assert service in events
    uploaded = json.loads(events["ingest_list"]["Records"][0]["body"])
    assert uploaded["detail-type"] == "Object Created"
    assert json.loads(events["submit_backorders"]["Records"][0]["body"])["kind"] == "order"
