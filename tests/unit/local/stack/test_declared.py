"""What a template says of its functions, read without a service."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.stack.deployment import declare

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
    Timeout: 60
    MemorySize: 128
    Environment: { Variables: { STAGE: test } }
Resources:
  Topic:
    Type: AWS::SNS::Topic
  First:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: first/
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig:
          OnFailure: { Type: SNS, Destination: !Ref Topic }
          OnSuccess: { Type: Lambda, Destination: !GetAtt Second.Arn }
  Second:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: second/
      EventInvokeConfig:
        DestinationConfig:
          OnSuccess: { Type: SNS, Destination: !Ref Topic }
  Third:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: third/ }
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE, encoding="utf-8")
    return file


def test_a_success_starts_another_function_only_where_its_destination_is_one(template: Path) -> None:
    functions = declare(template, {}).functions
    assert {name: function.on_success for name, function in functions.items()} == {
        "First": "Second",
        "Second": None,
        "Third": None,
    }


def test_lambda_repeats_twice_what_the_template_does_not_say(template: Path) -> None:
    functions = declare(template, {}).functions
    assert {name: function.asynchronous_retries for name, function in functions.items()} == {
        "First": 0,
        "Second": 2,
        "Third": 2,
    }
