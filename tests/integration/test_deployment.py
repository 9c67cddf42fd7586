"""The template, deployed into a real moto server on loopback; and the processes of the local stack."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack.deployment import Deployment, DeploymentError, EventSource, declare, deploy
from local.stack.deployment.services import Services
from local.stack.local_stack import TEMPLATE, StackError, attach, local_stack, moto_server
from local.stack.processes import server

EMULATOR = "http://127.0.0.1:8053/api/call.cgi"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def deployment(moto: str) -> Deployment:
    return deploy(TEMPLATE, endpoint_url=moto, parameters={"Endpoint": EMULATOR, "ParallelCalls": "64"})


@pytest.fixture(scope="module")
def services(moto: str) -> Services:
    return Services(moto)


def received(services: Services, queue_url: str) -> list[Any]:
    messages = services.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        services.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def test_an_uploaded_list_becomes_a_message_in_the_list_queue(deployment: Deployment, services: Services) -> None:
    services.s3.put_object(Bucket=deployment.lists_bucket, Key="wanted/monday list.txt", Body=b"example.com\n")
    services.s3.put_object(Bucket=deployment.reports_bucket, Key="rejects/monday.csv", Body=b"")

    (event,) = received(services, deployment.list_queue_url)

    assert event["detail-type"] == "Object Created"
    assert event["detail"]["bucket"]["name"] == deployment.lists_bucket
    assert event["detail"]["object"]["key"] == "wanted/monday list.txt"


def test_no_reference_in_an_environment_stays_unresolved(deployment: Deployment) -> None:
    submit = deployment.functions["SubmitBackorders"]
    plan = deployment.functions["PlanSubmissions"].environment
    reconcile = deployment.functions["ReconcileAccount"].environment

    assert set(deployment.functions) == {
        "FetchList",
        "IngestList",
        "PlanSubmissions",
        "SubmitBackorders",
        "ReconcileAccount",
    }
    assert (submit.handler, submit.code, submit.timeout_s) == ("submission.app.handler", "functions/submit", 120)
    assert submit.environment["PROVIDER_ENDPOINT"] == EMULATOR
    assert submit.environment["PROVIDER_SECRET_ARN"] == deployment.provider_secret_arn
    assert submit.environment["POOL_SIZE"] == "16"
    assert plan["SUBMISSION_QUEUE_URL"] == deployment.submission_queue_url
    assert plan["PARALLEL_CALLS"] == "64"
    assert reconcile["ALERT_TOPIC_ARN"] == deployment.alert_topic_arn
    assert reconcile["REPORTS_BUCKET"] == deployment.reports_bucket
    for function in deployment.functions.values():
        assert function.environment["TABLE_NAME"] == deployment.table_name
        assert function.environment["STAGE"] == "test"


def test_the_pump_learns_how_queues_feed_functions(deployment: Deployment) -> None:
    sources = {source.function: source for source in deployment.event_sources}
    submissions = sources["SubmitBackorders"]

    assert set(sources) == {"IngestList", "SubmitBackorders"}
    assert submissions.queue_url == deployment.submission_queue_url
    assert submissions.dead_letter_queue_url == deployment.submission_dead_letter_queue_url
    assert (submissions.batch_size, submissions.maximum_concurrency) == (1, 4)
    assert (submissions.visibility_timeout_s, submissions.max_receive_count) == (720, 5)


def test_the_pump_learns_what_runs_when(deployment: Deployment) -> None:
    schedules = {schedule.id: schedule for schedule in deployment.schedules}
    after_batch = schedules["ReconcileAfterBatchSchedule"]

    assert schedules["PlanSchedule"].expression == "rate(5 minutes)"
    assert schedules["PlanSchedule"].function == "PlanSubmissions"
    assert schedules["ReconcileSchedule"].expression == "rate(1 hour)"
    assert (after_batch.expression, after_batch.timezone) == ("cron(25 15 * * ? *)", "America/New_York")
    for schedule in schedules.values():
        # Pulling the provider's list is switched off unless somebody wants it.
        assert schedule.enabled == (schedule.id != "FetchSchedule")
        assert schedule.retries == 0
        assert json.loads(schedule.input) == {"at": "<aws.scheduler.scheduled-time>"}
    assert deployment.functions["PlanSubmissions"].asynchronous_retries == 0


def test_what_is_declared_is_what_is_deployed(deployment: Deployment) -> None:
    """For whoever has no services: a virtual world goes by it."""
    declared = declare(TEMPLATE, {"ParallelCalls": "64"})

    def facts(source: EventSource) -> EventSource:
        return source.model_copy(update=dict.fromkeys(("queue_url", "queue_arn", "dead_letter_queue_url"), ""))

    assert declared.schedules == deployment.schedules
    assert list(map(facts, declared.event_sources)) == list(map(facts, deployment.event_sources))
    for id_, function in declared.functions.items():
        assert (
            function.model_copy(update={"environment": deployment.functions[id_].environment})
            == (deployment.functions[id_])
        )
    assert declared.functions["SubmitBackorders"].environment["POOL_SIZE"] == "16"
    assert declared.source_of("IngestList").max_receive_count == 5


def test_what_fails_at_a_schedule_goes_to_the_topic(deployment: Deployment, services: Services) -> None:
    for function in {schedule.function for schedule in deployment.schedules}:
        config = services.lambda_.get_function_event_invoke_config(FunctionName=f"local-test-{function}")
        assert config["DestinationConfig"]["OnFailure"] == {"Destination": deployment.alert_topic_arn}, function


def test_moto_polls_no_queue_by_itself(deployment: Deployment, services: Services) -> None:
    mappings = services.lambda_.list_event_source_mappings()["EventSourceMappings"]

    assert {mapping["State"] for mapping in mappings} == {"Disabled"}


def test_what_moto_s_cloudformation_would_leave_out_is_there(deployment: Deployment, services: Services) -> None:
    bucket, table = deployment.lists_bucket, deployment.table_name
    backups = services.dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    secret = services.secretsmanager.get_secret_value(SecretId=deployment.provider_secret_arn)
    queue = services.sqs.get_queue_attributes(QueueUrl=deployment.list_queue_url, AttributeNames=["Policy"])

    assert services.s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert len(services.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) == 2
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert set(json.loads(secret["SecretString"])) == {"login", "password"}
    assert {schedule["Name"] for schedule in services.scheduler.list_schedules()["Schedules"]} == {
        f"local-test-{schedule.id}" for schedule in deployment.schedules
    }
    assert "aws:SourceArn" in queue["Attributes"]["Policy"]


def test_the_index_shows_open_backorders_by_what_is_due_first(deployment: Deployment, services: Services) -> None:
    for name, attributes in (
        ("late.com", {"open": {"S": "open#0"}, "due": {"S": "2026-12-02"}}),
        ("soon.com", {"open": {"S": "open#0"}, "due": {"S": "2026-12-01"}}),
        ("done.com", {}),
    ):
        item = {"pk": {"S": name}, "sk": {"S": "backorder"}, **attributes}
        services.dynamodb.put_item(TableName=deployment.table_name, Item=item)

    found = services.dynamodb.query(
        TableName=deployment.table_name,
        IndexName="open",
        KeyConditionExpression="#open = :shard",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":shard": {"S": "open#0"}},
    )["Items"]

    assert [item["pk"]["S"] for item in found] == ["soon.com", "late.com"]


def test_of_many_claims_at_once_exactly_one_succeeds(deployment: Deployment, services: Services) -> None:
    def claims(number: int) -> bool:
        try:
            services.dynamodb.put_item(
                TableName=deployment.table_name,
                Item={"pk": {"S": "claimed.com"}, "sk": {"S": "claim"}, "by": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claims, range(100))) == 1


def test_a_deployment_goes_to_another_process_and_back_as_json(deployment: Deployment) -> None:
    assert Deployment.model_validate_json(deployment.model_dump_json()) == deployment


def test_a_function_s_environment_leads_to_moto(deployment: Deployment, moto: str) -> None:
    assert deployment.environment("IngestList")["AWS_ENDPOINT_URL"] == moto


def test_a_second_deployment_into_the_same_moto_is_refused(deployment: Deployment, moto: str) -> None:
    with pytest.raises(DeploymentError, match="the stack local-test is in moto already"):
        deploy(TEMPLATE, endpoint_url=moto, parameters={})


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("Type: AWS::Kinesis::Stream", "Thing: the deployer creates no AWS::Kinesis::Stream"),
        (
            "{Type: AWS::SQS::Queue, Properties: {DelaySeconds: 3}}",
            r"Thing \(AWS::SQS::Queue\): the deployer does not create the property DelaySeconds",
        ),
        (
            "{Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {QueueConfigurations: []}}}",
            r"Thing \(AWS::S3::Bucket\): .* property NotificationConfiguration.QueueConfigurations",
        ),
        (
            "{Type: AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: pk, Kind: HASH}]}}",
            r"Thing \(AWS::DynamoDB::Table\): .*Kind",
        ),
        (
            "{Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAZs us-east-1}}",
            r"Thing \(AWS::SNS::Topic\): the deployer does not know the function Fn::GetAZs",
        ),
        ("{Type: AWS::SNS::Topic, CreationPolicy: {}}", "the deployer does not know CreationPolicy"),
    ],
)
def test_what_the_deployer_does_not_create_is_named(resource: str, message: str, moto: str, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        f"Transform: AWS::Serverless-2016-10-31\nResources:\n  Thing:\n{textwrap.indent(resource, '    ')}\n"
    )

    with pytest.raises(DeploymentError, match=f"(?s){message}"):
        deploy(template, endpoint_url=moto, parameters={}, stack_name=tmp_path.name)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ParallelCalls": "17"}, "parameter ParallelCalls: '17' is none of 8, 16, 32, 64"),
        ({"AlertEmail": "nobody"}, "parameter AlertEmail: 'nobody' is not an e-mail address"),
        ({"Endpoint": "http://example.com/api/call.cgi"}, "parameter Endpoint: .* is not an https URL"),
        ({"Stages": "live"}, "the template has no parameter Stages"),
    ],
)
def test_a_parameter_that_the_template_does_not_allow_is_refused(
    parameters: dict[str, str], message: str, moto: str
) -> None:
    with pytest.raises(DeploymentError, match=message):
        deploy(TEMPLATE, endpoint_url=moto, parameters=parameters, stack_name="never")


def test_an_alert_address_is_subscribed_to_the_topic(moto: str, services: Services) -> None:
    other = deploy(TEMPLATE, endpoint_url=moto, parameters={"AlertEmail": "me@example.com"}, stack_name="alerted-test")

    (subscription,) = services.sns.list_subscriptions_by_topic(TopicArn=other.alert_topic_arn)["Subscriptions"]

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "me@example.com")


def test_on_stage_live_somebody_has_to_hear_of_what_needs_a_person(moto: str, services: Services) -> None:
    with pytest.raises(DeploymentError, match="AlertEmail is empty"):
        deploy(TEMPLATE, endpoint_url=moto, parameters={"Stage": "live"}, stack_name="unheard-live")

    assert "QueueUrls" not in services.sqs.list_queues(QueueNamePrefix="unheard-live")


def test_the_live_stage_starts_without_a_working_login(moto: str, services: Services) -> None:
    parameters = {"Stage": "live", "AlertEmail": "me@example.com"}
    live = deploy(TEMPLATE, endpoint_url=moto, parameters=parameters, stack_name="backorder-live")

    secret = services.secretsmanager.get_secret_value(SecretId=live.provider_secret_arn)["SecretString"]
    table = services.dynamodb.describe_table(TableName=live.table_name)["Table"]

    assert json.loads(secret) == {"login": "replace-me", "password": "replace-me"}
    assert table["DeletionProtectionEnabled"]


@pytest.mark.parametrize(
    ("stage", "name"),
    [("live", "mine-test"), ("test", "mine-live"), ("live", "live-mine"), ("live", "mine-live-2")],
)
def test_the_name_of_a_stack_ends_in_its_stage_so_that_no_stack_is_moved_to_another(
    stage: str, name: str, moto: str
) -> None:
    with pytest.raises(DeploymentError, match="nonexistent value at index 1"):
        deploy(
            TEMPLATE,
            endpoint_url=moto,
            parameters={"Stage": stage, "AlertEmail": "me@example.com"},
            stack_name=name,
        )


def test_a_local_stack_sends_orders_to_its_own_emulator() -> None:
    with local_stack({"ParallelCalls": "8"}) as stack:
        assert stack.deployment.functions["SubmitBackorders"].environment["PROVIDER_ENDPOINT"] == stack.emulator_url
        assert stack.deployment.parameters["ParallelCalls"] == "8"


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        server("moto", "local.stack.moto.server", ["--port", "none"], ready="never") as moto,
        pytest.raises(StackError, match=r"moto ended by itself \(exit status 2\).*(?s:.*)invalid int value: 'none'"),
    ):
        moto.url()


def test_attaching_without_a_stack_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no stack is up: run `make up` in another terminal"):
        attach(tmp_path)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def answers(build: Path) -> bool:
    try:
        attach(build)
    except StackError:
        return False
    return True


@pytest.fixture
def upheld(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`up()` in a process of its own, in the background of a script, where SIGINT is ignored; when it is ready."""
    code = f"from pathlib import Path; from local.stack.local_stack import up; up(build=Path({str(tmp_path)!r}))"
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", code]
    with subprocess.Popen(in_background, stdout=subprocess.PIPE, text=True, cwd=TEMPLATE.parent) as up:
        try:
            assert eventually(lambda: answers(tmp_path))
            yield up
        finally:
            up.kill()


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_stack_leaves_nothing_behind(
    upheld: subprocess.Popen[str], tmp_path: Path, interruption: signal.Signals
) -> None:
    stack = attach(tmp_path)
    environments = json.loads((tmp_path / "local-env.json").read_text())

    upheld.send_signal(interruption)
    upheld.wait(30)

    assert environments["IngestList"]["AWS_ENDPOINT_URL"] == stack.moto_url
    assert environments["IngestList"]["TABLE_NAME"] == stack.deployment.table_name
    assert not (tmp_path / "local-stack.json").exists()
    with pytest.raises(StackError):
        attach(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a process that was killed")
def test_a_killed_stack_takes_its_servers_along(upheld: subprocess.Popen[str], tmp_path: Path) -> None:
    os.kill(upheld.pid, signal.SIGKILL)

    assert eventually(lambda: not answers(tmp_path))
    with pytest.raises(StackError, match="does not answer"):
        attach(tmp_path)
