"""The steps of the check: what is done, and what has to be seen afterwards. A step gives what was seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from local.stack.lifetime import end_with_parent
from local.stack.processes import PROJECT
from tools.deploy_check.sandbox import Failed, Said, Sandbox, as_json

STACK: Final = "backorder-test"
LAYER: Final = f"{STACK}-shared"
LIVE: Final = "backorder-live"
NOBODY: Final = "On stage live somebody has to hear of what needs a person"
"""How the template refuses a live stack without an address for alerts."""
KEPT: Final = ("ListsBucketName", "ReportsBucketName", "TableName", "ProviderSecretArn")
"""Outputs that name what stays when the stack is removed."""
REFUSAL: Final = "Fn::Select cannot select nonexistent value at index 1"
"""How docs/operations.md says that another stage is refused."""
PATIENCE: Final = 60
"""Seconds at each station of the smoke test, and for a message of a crash."""
WAIT: Final = 10
"""Seconds for which a queue is asked at once."""
TICK: Final = 3.0
"""Seconds between two plans meanwhile; the stack's schedule has five minutes."""

Step = Callable[[Sandbox], str]
"""Gives what was seen, or raises Failed."""


def first_deployment_fails(sandbox: Sandbox) -> str:
    """A creation that fails late leaves nothing that keeps data, so that the next one begins with nothing."""
    sandbox.write_template(1, {"OfNoLayer": _a_right_to_a_layer_that_is_none()})
    said = sandbox.deploy("--parameter-overrides", f"Stage=test Endpoint={sandbox.provider_url}")
    if said.status == 0:
        raise Failed("the deployment of what cannot be created went through", said.text)
    status = sandbox.stack(STACK)["StackStatus"]
    if status != "ROLLBACK_COMPLETE":
        raise Failed(f"the stack is in the state {status}", said.text)
    if left := [name for names in _data(sandbox).values() for name in names]:
        raise Failed(f"left behind: {', '.join(left)}", said.text)
    _succeeded(sandbox.sam("delete", "--stack-name", STACK, "--no-prompts"))
    return "rolled back; no table, no bucket and no secret is left"


def create(sandbox: Sandbox) -> str:
    """`sam deploy --guided`, answered as docs/operations.md says, with the emulator's endpoint."""
    sandbox.write_template(2)
    prompts = {
        "Stack Name": STACK,
        "AWS Region": "",
        "Stage": "test",
        "Architecture": "",
        "AlertEmail": "someone@example.com",
        "ParallelCalls": "",
        "FetchPendingDeletes": "",
        "Endpoint": sandbox.provider_url,
        "NetworkStack": "",
        "Confirm changes before deploy": "n",
        "Allow SAM CLI IAM role creation": "y",
        "Disable rollback": "n",
        "Save arguments to configuration file": "y",
        "SAM configuration file": "",
        "SAM configuration environment": "",
    }
    said = _succeeded(sandbox.deploy("--guided", answers="".join(f"{answer}\n" for answer in prompts.values())))
    if missing := [prompt for prompt in prompts if f"{prompt} [" not in said.text]:
        raise Failed(f"did not ask for {', '.join(missing)}", said.text)
    return f"{_resources(sandbox)} resources; the answers are kept"


def doctor(sandbox: Sandbox) -> str:
    """The project's own checks of the stack find no fault, and look at everything."""
    said = sandbox.ops("doctor", "--stack", STACK, "--json")
    checks = as_json(said)["checks"]
    wrong = [check for check in checks if check["verdict"] == "fault" or "not looked at" in check["told"]]
    if said.status or wrong:
        raise Failed("; ".join(f"{check['name']}: {check['told']}" for check in wrong), said.text)
    warned = [check["name"] for check in checks if check["verdict"] == "warning"]
    return f"{len(checks)} checks, no fault; warnings: {', '.join(warned) or 'none'}"


def smoke(sandbox: Sandbox) -> str:
    """Two invented names through every station, and back: the functions that were built, with their roles' rights."""
    command = [sys.executable, "-m", "ops", "smoke", "--stack", STACK, "--patience", str(PATIENCE), "--json"]
    with (
        (sandbox.folder / "smoke.log").open("w+") as log,
        subprocess.Popen(
            command,
            cwd=PROJECT,
            env=sandbox.environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no locks
        ) as process,
    ):
        try:
            out = _with_plans(sandbox, process)
        finally:
            process.kill()
        log.seek(0)
        stations = as_json(Said(process.returncode, out))["stations"] if out else []
        if process.returncode:
            raise Failed(f"exit status {process.returncode}", log.read())
    return f"every station passed: {', '.join(station['name'] for station in stations)}"


def _with_plans(sandbox: Sandbox, process: subprocess.Popen[str]) -> str:
    """What the process writes until its end; meanwhile what the stack's schedule of the plan names is invoked.

    One call after the other: for two at once, the emulator would unpack the function twice.
    """
    (name,) = (name for logical, name in _by_type(sandbox)["AWS::Scheduler::Schedule"].items() if "Plan" in logical)
    target = sandbox.client("scheduler").get_schedule(Name=name)["Target"]
    lambda_ = sandbox.client("lambda")
    while True:
        try:
            return process.communicate(timeout=TICK)[0]
        except subprocess.TimeoutExpired:
            lambda_.invoke(FunctionName=target["Arn"], Payload=target["Input"].encode())


def told_of_crashes(sandbox: Sandbox) -> str:
    """What crashes when a schedule calls it is told through the topic: each function, made to crash by its settings."""
    lambda_, schedules = sandbox.client("lambda"), sandbox.client("scheduler")
    names = _by_type(sandbox)["AWS::Scheduler::Schedule"].values()
    targets = [schedules.get_schedule(Name=name)["Target"] for name in names]
    events = {target["Arn"]: target["Input"] for target in targets}
    with _listening(sandbox, sandbox.outputs(STACK)["AlertTopicArn"]) as queue:
        for function, event in events.items():
            variables = lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
            lambda_.update_function_configuration(
                FunctionName=function, Environment={"Variables": {**variables, "STAGE": "none"}}
            )
            lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=event.encode())
            told = _one_message(sandbox, queue)
            lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
            if (
                told["requestContext"]["functionArn"] != function
                or "STAGE" not in told["responsePayload"]["errorMessage"]
            ):
                raise Failed(f"{function} crashed, and something else was told", json.dumps(told))
    return f"{len(events)} functions that schedules call: a crash of each is a message to the topic"


@contextmanager
def _listening(sandbox: Sandbox, topic: str) -> Iterator[str]:
    """A queue that gets what is published, as it is. Gives its URL; it goes with the `with` block."""
    sqs, sns = sandbox.client("sqs"), sandbox.client("sns")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
    }
    queue = sqs.create_queue(QueueName="who-is-told", Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )["SubscriptionArn"]
    try:
        yield queue
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=queue)


def _one_message(sandbox: Sandbox, queue: str) -> Any:
    """The next message of a queue, as JSON."""
    sqs = sandbox.client("sqs")
    for _ in range(PATIENCE // WAIT):
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=WAIT).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(message["Body"])
    raise Failed(f"nobody was told within {PATIENCE} s")


def update(sandbox: Sandbox) -> str:
    """Two parameters change what depends on them; the others, the data and what is in the secret stay."""
    before, secret = sandbox.outputs(STACK), json.dumps(dict.fromkeys(("login", "password"), "the user's own"))
    secrets = sandbox.client("secretsmanager")
    secrets.put_secret_value(SecretId=before["ProviderSecretArn"], SecretString=secret)
    said = _succeeded(sandbox.deploy("--parameter-overrides", "ParallelCalls=32 FetchPendingDeletes=daily"))
    resources = _by_type(sandbox)
    function = resources["AWS::Lambda::Function"]["SubmitBackorders"]
    lambda_ = sandbox.client("lambda")
    variables = lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    schedule = resources["AWS::Scheduler::Schedule"]["FetchSchedule"]
    _as_expected(
        said,
        {
            "threads of a submitting function": (variables["POOL_SIZE"], "8"),
            "submitting functions at once": (mapping["ScalingConfig"]["MaximumConcurrency"], 4),
            "the schedule of FetchList": (sandbox.client("scheduler").get_schedule(Name=schedule)["State"], "ENABLED"),
            "the endpoint, which was not given": (variables["PROVIDER_ENDPOINT"], sandbox.provider_url),
            "the outputs": (sandbox.outputs(STACK), before),
            "the secret": (secrets.get_secret_value(SecretId=before["ProviderSecretArn"])["SecretString"], secret),
        },
    )
    return "4 functions x 8 threads, FetchList scheduled; the endpoint, the data and the user's login are as they were"


def refuse_another_stage(sandbox: Sandbox) -> str:
    """Another stage under the same name is refused before anything is changed: its orders would be taken for real."""
    before, secrets = sandbox.stack(STACK), sandbox.client("secretsmanager")
    secret = {"SecretId": sandbox.outputs(STACK)["ProviderSecretArn"]}
    login = secrets.get_secret_value(**secret)["SecretString"]
    said = sandbox.deploy("--parameter-overrides", "Stage=live")
    # In a column of a table: its lines are broken.
    if said.status == 0 or REFUSAL not in " ".join(said.text.split()):
        raise Failed(f"exit status {said.status}, and not refused with the words “{REFUSAL}”", said.text)
    after, functions = sandbox.stack(STACK), sandbox.client("lambda").list_functions()["Functions"]
    _as_expected(
        said,
        {
            "the parameters": (after["Parameters"], before["Parameters"]),
            "the outputs": (after["Outputs"], before["Outputs"]),
            "the functions' stage": ({of["Environment"]["Variables"]["STAGE"] for of in functions}, {"test"}),
            "the secret": (secrets.get_secret_value(**secret)["SecretString"], login),
        },
    )
    return "Stage=live: refused, and nothing was changed"


def refuse_a_live_stack_that_nobody_hears_of(sandbox: Sandbox) -> str:
    """Without an address for alerts a live stack is refused before anything is created."""
    before = _data(sandbox)
    overrides = f"Stage=live Endpoint={sandbox.provider_url}"
    said = sandbox.deploy("--stack-name", LIVE, "--parameter-overrides", overrides)
    if said.status == 0 or NOBODY not in " ".join(said.text.split()):
        raise Failed(f"exit status {said.status}, and not refused with the words “{NOBODY}”", said.text)
    _as_expected(said, {"what keeps data": (_data(sandbox), before)})
    return "Stage=live without AlertEmail: refused, and nothing was created"


def delete(sandbox: Sandbox) -> str:
    """The stack goes; what docs/operations.md says that stays stays, and nothing else."""
    kept = sandbox.outputs(STACK)
    said = _succeeded(sandbox.sam("delete", "--stack-name", STACK, "--no-prompts"))
    data, rest = _data(sandbox), _without_data(sandbox)
    _as_expected(
        said,
        {
            "tables": (data["tables"], [kept["TableName"]]),
            "buckets": (data["buckets"], sorted([kept["ListsBucketName"], kept["ReportsBucketName"]])),
            "secrets": (data["secrets"], [kept["ProviderSecretArn"]]),
            "the rest": ({kind: names for kind, names in rest.items() if names}, {}),
        },
    )
    if not (versions := sandbox.client("lambda").list_layer_versions(LayerName=LAYER)["LayerVersions"]):
        raise Failed(f"no version of the layer {LAYER} is left", said.text)
    return f"left: the table, both buckets, the secret, {len(versions)} versions of the layer; nothing else"


def create_again(sandbox: Sandbox) -> str:
    """`sam deploy`, with the answers that `--guided` kept: a new stack of the same name starts with new data."""
    before = _data(sandbox)
    sandbox.write_template(3)
    _succeeded(sandbox.deploy())
    after, outputs = _data(sandbox), sandbox.outputs(STACK)
    for kind, names in before.items():
        if lost := set(names) - set(after[kind]):
            raise Failed(f"{kind} that had stayed are gone: {', '.join(sorted(lost))}")
    if old := {name for names in before.values() for name in names} & {outputs[output] for output in KEPT}:
        raise Failed(f"the new stack took what the old one left: {', '.join(sorted(old))}")
    return f"with a new table, buckets and secret beside the old; {doctor(sandbox)}"


STEPS: Final[Mapping[str, Step]] = {
    "failed creation": first_deployment_fails,
    "create": create,
    "doctor": doctor,
    "smoke": smoke,
    "crashes": told_of_crashes,
    "update": update,
    "refused change": refuse_another_stage,
    "refused live": refuse_a_live_stack_that_nobody_hears_of,
    "delete": delete,
    "create again": create_again,
}


def _a_right_to_a_layer_that_is_none() -> dict[str, Any]:
    """A resource that cannot be created, and whose turn comes after all that keeps data."""
    return {
        "Type": "AWS::Lambda::LayerVersionPermission",
        "DependsOn": ["PlanSubmissions", "BackorderTable", "ListsBucket", "ReportsBucket", "ProviderSecret"],
        "Properties": {"LayerVersionArn": "none", "Action": "lambda:GetLayerVersion", "Principal": "*"},
    }


def _succeeded(said: Said) -> Said:
    if said.status:
        raise Failed(f"exit status {said.status}", said.text)
    return said


def _as_expected(said: Said, seen_and_expected: Mapping[str, tuple[Any, Any]]) -> None:
    for what, (seen, expected) in seen_and_expected.items():
        if seen != expected:
            raise Failed(f"{what}: {seen}, where {expected} should be", said.text)


def _by_type(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """The stack's resources: their names by logical id, by type."""
    by_type: dict[str, dict[str, str]] = {}
    for page in sandbox.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK):
        for resource in page["StackResourceSummaries"]:
            names = by_type.setdefault(resource["ResourceType"], {})
            names[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    return by_type


def _resources(sandbox: Sandbox) -> int:
    return sum(map(len, _by_type(sandbox).values()))


def _data(sandbox: Sandbox) -> dict[str, list[str]]:
    """Everything in the account that keeps data, but for the bucket that SAM uploads to."""
    buckets = [bucket["Name"] for bucket in sandbox.client("s3").list_buckets()["Buckets"]]
    secrets = sandbox.client("secretsmanager").list_secrets()["SecretList"]
    return {
        "tables": sorted(sandbox.client("dynamodb").list_tables()["TableNames"]),
        "buckets": sorted(name for name in buckets if not name.startswith("aws-sam-cli-managed-default")),
        "secrets": sorted(secret["ARN"] for secret in secrets),
    }


def _without_data(sandbox: Sandbox) -> dict[str, list[str]]:
    """What else the account holds of what the template creates."""
    client, groups = sandbox.client, sandbox.client("logs").describe_log_groups()["logGroups"]
    return {
        "functions": [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "topics": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "schedules": [schedule["Name"] for schedule in client("scheduler").list_schedules()["Schedules"]],
        "rules": [rule["Name"] for rule in client("events").list_rules()["Rules"]],
        "roles": [role["RoleName"] for role in client("iam").list_roles()["Roles"] if STACK in role["RoleName"]],
        "alarms": [alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "dashboards": [board["DashboardName"] for board in client("cloudwatch").list_dashboards()["DashboardEntries"]],
        "log groups": [group["logGroupName"] for group in groups],
    }
