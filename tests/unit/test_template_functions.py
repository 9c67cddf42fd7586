"""CloudFormation's functions, resolved as CloudFormation resolves them."""

from typing import Any

import pytest

from local.stack.deployment.errors import DeploymentError, UnsupportedError
from local.stack.deployment.intrinsics import Created, Resolver, parameter_values, references, refuse_by_rules

TEMPLATE = {
    "Mappings": {"Sizes": {"small": {"Pool": 4}}},
    "Conditions": {
        "IsLive": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
        "IsTest": {"Fn::Not": [{"Condition": "IsLive"}]},
        "Both": {"Fn::And": [{"Condition": "IsLive"}, {"Condition": "IsTest"}]},
        "Either": {"Fn::Or": [{"Condition": "IsLive"}, {"Condition": "IsTest"}]},
    },
}


@pytest.fixture
def resolver() -> Resolver:
    resolver = Resolver(TEMPLATE, {"Stage": "test", "Size": "small"}, {"AWS::Region": "us-east-1"})
    resolver.created["Queue"] = Created("https://queue", {"Arn": "arn:queue"})
    return resolver


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "Queue"}, "https://queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:queue"),
        (
            {"Fn::Sub": "${AWS::Region}/${Queue}/${Queue.Arn}/${!literal}"},
            "us-east-1/https://queue/arn:queue/${literal}",
        ),
        ({"Fn::Sub": ["${a}-${Stage}", {"a": {"Ref": "Size"}}]}, "small-test"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Pool"]}, 4),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-test"),
        ({"Fn::Split": ["-", "a-b"]}, ["a", "b"]),
        ({"Fn::Select": [1, {"Fn::Split": ["-live.", "backorder-live."]}]}, ""),
        ({"Fn::If": ["IsLive", "yes", "no"]}, "no"),
        ({"Fn::If": ["IsTest", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"kept": 1, "gone": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
        ([1, {"Fn::If": ["IsLive", 2, {"Ref": "AWS::NoValue"}]}], [1]),
        (
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ),
    ],
)
def test_a_function_gives_what_cloudformation_gives(resolver: Resolver, value: Any, result: Any) -> None:
    assert resolver.resolve(value) == result


def test_the_branch_that_is_not_taken_may_refer_to_what_is_not_created(resolver: Resolver) -> None:
    assert resolver.resolve({"Fn::If": ["IsLive", {"Ref": "Absent"}, "here"]}) == "here"


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"Ref": "Absent"}, DeploymentError, "there is no Absent"),
        ({"Fn::GetAtt": ["Queue", "Colour"]}, UnsupportedError, "no attribute Colour of Queue"),
        ({"Fn::Base64": "x"}, UnsupportedError, "Fn::Base64"),
    ],
)
def test_what_cannot_be_resolved_is_named(
    resolver: Resolver, value: Any, error: type[DeploymentError], message: str
) -> None:
    with pytest.raises(error, match=message):
        resolver.resolve(value)


def test_references_are_found_in_every_function() -> None:
    value = {
        "a": [{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}],
        "b": {"Fn::Sub": ["${C.Arn} ${d}", {"d": {"Ref": "E"}}]},
    }

    assert {"A", "B", "C", "E"} <= set(references(value))


def test_a_parameter_without_value_or_default_is_refused() -> None:
    with pytest.raises(DeploymentError, match="parameter Name: no value given"):
        parameter_values({"Parameters": {"Name": {"Type": "String"}}}, {})


HOLDS, HOLDS_NOT = {"Fn::Equals": [{"Ref": "Size"}, "small"]}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, "small"]}]}


@pytest.mark.parametrize(
    "rule",
    [
        {"Assertions": [{"Assert": HOLDS}]},
        {"RuleCondition": HOLDS, "Assertions": [{"Assert": HOLDS}, {"Assert": HOLDS}]},
        {"RuleCondition": HOLDS_NOT, "Assertions": [{"Assert": HOLDS_NOT}]},
    ],
)
def test_a_rule_whose_assertions_hold_or_that_is_not_asked_refuses_nothing(
    resolver: Resolver, rule: dict[str, Any]
) -> None:
    refuse_by_rules({"Rules": {"Mine": rule}}, resolver)


@pytest.mark.parametrize("condition", [{}, {"RuleCondition": HOLDS}])
def test_a_rule_of_which_an_assertion_does_not_hold_refuses_with_its_words(
    resolver: Resolver, condition: dict[str, Any]
) -> None:
    assertions = [{"Assert": HOLDS}, {"Assert": HOLDS_NOT, "AssertDescription": "not so small"}]

    with pytest.raises(DeploymentError, match="rule Mine: not so small"):
        refuse_by_rules({"Rules": {"Mine": {**condition, "Assertions": assertions}}}, resolver)


def test_a_template_without_rules_refuses_nothing(resolver: Resolver) -> None:
    refuse_by_rules({}, resolver)
