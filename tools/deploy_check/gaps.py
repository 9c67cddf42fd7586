"""What the emulator of AWS cannot do, or does otherwise than AWS: the template is changed for it here.

Not to be mended by a change, and so not judged:

- `network.yaml`: there are no elastic addresses and no NAT gateways (`AWS::EC2::EIP`, `AWS::EC2::NatGateway`).
- What AWS's services may do by the stack's policies: EventBridge puts messages into the queue, and Scheduler invokes
  functions, without being asked for its permission. The functions' roles are enforced, and what the policies deny.
- When a template is refused: AWS resolves `Fn::Select` before it begins, the emulator when the resource's turn comes.
- Times: a schedule's shortest interval is a minute, so the check invokes what the stack's schedule names by itself.
- How often a function may send messages to itself: the emulator takes that from no template, and counts no messages.
- Whether Lambda may publish what failed: the emulator does so without asking.
- Whether an alarm or the dashboard shows anything; memory, time-outs and the file system of functions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

Template = dict[str, Any]

_CODE: Final = ("CodeUri", "ContentUri")
_BATCHES: Final = ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")


def for_the_emulator(built: Template, folder: Path, creation: int) -> Template:
    """The template of `sam build`, changed for the emulator. Pure.

    `folder`: what its paths of code are relative to. `creation`: how often a stack was created of it, for new names.
    """
    template = copy.deepcopy(built)
    for change in GAPS:
        change(template)
    _new_names(template, creation)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: str(folder / properties[name]) for name in _CODE if name in properties})
    return template


def _alarms_without_arithmetic(template: Template) -> None:
    """Alarms with metric math are refused: they watch the first of their metrics."""
    for alarm in _of_type(template, "AWS::CloudWatch::Alarm"):
        metrics = alarm["Properties"].pop("Metrics", ())
        for first in [metric["MetricStat"] for metric in metrics if "MetricStat" in metric][:1]:
            alarm["Properties"] |= first["Metric"] | {"Statistic": first["Stat"], "Period": first["Period"]}


def _secrets_by_their_arn(template: Template) -> None:
    """`Ref` of a secret gives its name, and at AWS its ARN, which the attribute `Id` is at both."""
    secrets = {name for name, of in template["Resources"].items() if of["Type"] == "AWS::SecretsManager::Secret"}

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Ref"} and value["Ref"] in secrets:
            return {"Fn::GetAtt": [value["Ref"], "Id"]}
        return {key: change(item) for key, item in value.items()}

    for section in ("Resources", "Outputs"):
        template[section] = change(template[section])


def _no_empty_endpoint(template: Template) -> None:
    """An empty AWS_ENDPOINT_URL counts as set, where boto3 skips it: functions would call AWS itself."""
    del template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"]


def _rights_of_batches(template: Template) -> None:
    """A batch of SQS needs a right of its own name, and at AWS that of the single action."""
    for role in _of_type(template, "AWS::IAM::Role"):
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                action = statement["Action"]
                actions = action if isinstance(action, list) else [action]
                statement["Action"] = [*actions, *(f"{single}Batch" for single in actions if single in _BATCHES)]


def _concurrency_as_a_number(template: Template) -> None:
    """Text stays text, of which AWS makes a number where a property asks for one; queues are not polled otherwise."""
    for shares in template["Mappings"]["ByParallelCalls"].values():
        shares["Concurrency"] = int(shares["Concurrency"])


def _schedules_without_their_time(template: Template) -> None:
    """The time of a schedule is not put into its input: `now`, which the functions understand."""
    for schedule in _of_type(template, "AWS::Scheduler::Schedule"):
        target = schedule["Properties"]["Target"]
        target["Input"] = target["Input"].replace("<aws.scheduler.scheduled-time>", "now")


def _new_names(template: Template, creation: int) -> None:
    """A table and a secret are named after stack and resource alone, so that the next stack of that name would take the
    old one's; AWS draws a part of each name anew.
    """
    for type_, name in (("AWS::DynamoDB::Table", "TableName"), ("AWS::SecretsManager::Secret", "Name")):
        for kept in _of_type(template, type_):
            kept["Properties"][name] = {"Fn::Sub": f"${{AWS::StackName}}-{creation}"}


GAPS: Final[tuple[Callable[[Template], None], ...]] = (
    _alarms_without_arithmetic,
    _secrets_by_their_arn,
    _no_empty_endpoint,
    _rights_of_batches,
    _concurrency_as_a_number,
    _schedules_without_their_time,
)


def _of_type(template: Template, type_: str) -> Iterator[Any]:
    return (resource for resource in template["Resources"].values() if resource["Type"] == type_)
