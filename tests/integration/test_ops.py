"""`python -m ops` on a stack: the template in moto, the emulator, and the functions at work as under `make serve`."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

import ops.smoke
import ops.stacks
from backorder.domain.domains import parse_domain
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from local.stack.control import Control
from local.stack.local_stack import LocalStack, local_stack
from local.stack.serve import serve
from local.world.moto.functions import use_environment
from ops.__main__ import run
from ops.redrive import hold, let_go
from ops.stacks import Stack, find
from tests.factories import NOW, a_backorder, a_placed_backorder
from tests.future import UNKNOWN_WORD
from tests.tables import Table

PASSWORD = "test.passw0rd"
LIST = "example-one.com\nexample-two.net\njohn_doe.com\n"


@pytest.fixture(scope="module")
def local() -> Iterator[LocalStack]:
    with local_stack(emulator_arguments=["--refuse-zone", "de"]) as stack:
        yield stack


@pytest.fixture
def file(local: LocalStack, tmp_path: Path) -> Path:
    """What `make up` would have written."""
    path = tmp_path / "local-stack.json"
    path.write_text(local.model_dump_json())
    return path


@pytest.fixture
def at_work(local: LocalStack, tmp_path: Path, environment_restored: None) -> Iterator[None]:
    """The stack's functions run."""
    use_environment(local.deployment)
    end = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        crashes: list[str] = []
        working = pool.submit(
            serve,
            local,
            tell=lambda _words: None,
            complain=crashes.append,
            log=tmp_path / "serve.log",
            stopped=end.is_set,
        )
        yield
        end.set()
    working.result()
    assert crashes == []


@pytest.fixture
def stack(file: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(ops.stacks, "LOCAL_STACK", file)
    return find(None)


class Said:
    """What a command wrote, and how it ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        assert PASSWORD not in out + err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Ops = Callable[..., Said]


@pytest.fixture
def command(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ops:
    """`python -m ops …` on the local stack."""
    monkeypatch.setattr(ops.stacks, "LOCAL_STACK", file)

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["ops", *arguments])
        status = 0
        try:
            run()
        except SystemExit as end:
            status = int(end.code or 0)
        return Said(status, *capsys.readouterr())

    return call


def test_a_list_that_is_put_is_read_ordered_and_taken_back(
    at_work: None, command: Ops, stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "monday.txt"
    path.write_text(LIST)

    put = command("put", str(path), "--json")
    (read,) = put.json["read"]
    assert (read["list"], read["entries"], read["accepted"], read["rejected"]) == ("wanted/monday.txt", 3, 2, 1)
    assert read["rejects"] == [{"line": 3, "text": "john_doe.com", "reason": "contains an underscore"}]
    becomes(stack, "example-one.com", State.REQUESTED)

    status = command("status", "--json").json
    assert status["open"] == {"REQUESTED": 2}
    assert status["capacity"] == "5000.00"
    assert status["plan"] is not None
    assert "wanted/monday.txt" in command("status").out

    history = command("why", "http://www.Example-One.com", "--json").json
    events = [event["what"] for event in history["cycles"][0]["events"]]
    assert events == ["SELECTED", "QUEUED", "SUBMITTING", "REQUESTED"]
    assert "contains an underscore" in command("why", "john_doe.com").out

    looked = command("cancel", "example-one.com", "nobody.com", "--json").json
    assert [name["will_act"] for name in looked["names"]] == [True, True]
    assert looked["names"][1]["what"].startswith("there is no backorder for it; the cancel is kept, and no older list")
    assert looked["put"] is None
    done = command("cancel", "example-one.com", "nobody.com", "--yes", "--json").json
    assert done["put"]["read"][0]["accepted"] == 1
    becomes(stack, "example-one.com", State.CANCELLED)
    # Nobody has wanted this one, and the cancel is kept.
    assert "nobody.com: cancelled by cancel/ops-" in command("why", "nobody.com").out
    again = command("cancel", "nobody.com", "--json").json["names"]
    assert "the cancel is kept (one of " in again[0]["what"]
    # What is done is not promised any more.
    assert "taken back as soon as" not in command("why", "example-one.com").out


def becomes(stack: Stack, domain: str, state: State) -> None:
    """Waits for it, on this machine's clock: the functions run in another thread."""
    done = threading.Event()
    for _ in range(300):
        backorder = stack.store.latest(domain)
        if backorder is not None and backorder.state is state:
            return
        done.wait(0.1)
    raise AssertionError(f"{domain} is {backorder and backorder.state}")


def test_a_list_that_nobody_reads_is_told_so(command: Ops, tmp_path: Path, stack: Stack) -> None:
    path = tmp_path / "unread.txt"
    path.write_text("example-three.com\n")

    said = command("put", str(path), "--wait", "1")

    assert said.status == 1
    assert "make serve" in said.out
    emptied(stack, stack.output("ListQueueUrl"))


def test_broken_rules_are_not_uploaded(command: Ops, tmp_path: Path, stack: Stack) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[select]\nlenght = 3\n")

    said = command("put", str(path), "--kind", "rules")

    assert said.status == 2
    assert "line 2" in said.err
    assert stack.s3.list_objects_v2(Bucket=stack.output("ListsBucketName"), Prefix="rules.toml")["KeyCount"] == 0


def test_good_rules_are_put_where_they_count(at_work: None, command: Ops, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[select]\nlength = [3, 12]\n")

    said = command("put", str(path), "--kind", "rules")

    assert said.status == 0
    assert "The rules are in use." in said.out


def test_a_folder_is_put_file_by_file_and_rules_are_known_by_their_name(
    at_work: None, command: Ops, tmp_path: Path, stack: Stack
) -> None:
    (tmp_path / "a.txt").write_text("folder-a.com\n")
    (tmp_path / "b.csv").write_bytes("domain\nbücher-folder.de\n".encode("cp1252"))
    (tmp_path / "rules.toml").write_text("[select]\nlength = [3, 12]\n")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "inner").mkdir()

    said = command("put", str(tmp_path), "--encoding", "windows-1252")

    assert said.status == 0
    assert said.out.index("The rules are in use.") < said.out.index("wanted/a.txt") < said.out.index("wanted/b.csv")
    assert stack.store.latest(parse_domain("bücher-folder.de").name) is not None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("put", "{folder}/empty"), "there is no file in that folder"),
        (("put", "{folder}/rules.toml", "--kind", "wanted"), "is called like rules"),
        (("put", "{folder}/a.txt", "--encoding", "klingon"), "is no encoding of lists that is known"),
    ],
)
def test_what_cannot_be_meant_is_not_put(command: Ops, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "rules.toml").write_text("")
    (tmp_path / "a.txt").write_text("a.com\n")
    said = command(*(argument.format(folder=tmp_path) for argument in arguments))
    assert said.status == 2
    assert says in said.err


@pytest.fixture
def letters(stack: Stack) -> Iterator[None]:
    """One dead letter in each queue."""
    arrived = {"detail": {"bucket": {"name": "lists"}, "object": {"key": "wanted/broken.txt", "version-id": "v7"}}}
    batch = {"kind": "order", "backorders": [[f"{n}.com", 1] for n in "abcde"]}
    urls = [stack.output(f"{name}DeadLetterQueueUrl") for name in ("List", "Submission", "Rule")]
    stack.sqs.send_message(QueueUrl=urls[0], MessageBody=json.dumps(arrived))
    stack.sqs.send_message(QueueUrl=urls[1], MessageBody=json.dumps(batch))
    stack.sqs.send_message(
        QueueUrl=urls[2],
        MessageBody="\x1b[31mno event",
        MessageAttributes={"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}},
    )
    yield
    for url in [*urls, stack.output("ListQueueUrl"), stack.output("SubmissionQueueUrl")]:
        emptied(stack, url)


def emptied(stack: Stack, url: str) -> None:
    while messages := stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            stack.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def bodies(stack: Stack, output: str) -> list[str]:
    answer = stack.sqs.receive_message(QueueUrl=stack.output(output), MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_dead_letters_are_shown_and_stay_where_they_are(letters: None, command: Ops, stack: Stack) -> None:
    said = command("redrive", "--json").json

    assert [(letter["queue"], letter["what"]) for letter in said["shown"]] == [
        ("lists", "wanted/broken.txt (version v7)"),
        ("submissions", "order: a.com, b.com, c.com and 2 more"),
        ("rule", "not understood: \x1b[31mno event"),
    ]
    assert said["shown"][2]["error"] == "NO_PERMISSIONS"
    assert said["moved"] == []
    # They are not kept from others any longer.
    assert [len(bodies(stack, f"{name}DeadLetterQueueUrl")) for name in ("List", "Submission", "Rule")] == [1, 1, 1]


def test_dead_letters_go_back_to_where_they_are_handled(letters: None, command: Ops, stack: Stack) -> None:
    said = command("redrive", "--yes")

    assert said.status == 0
    assert "wanted/broken.txt" in said.out
    assert "\x1b" not in said.out
    assert len(bodies(stack, "ListQueueUrl")) == 2
    assert len(bodies(stack, "SubmissionQueueUrl")) == 1
    assert "There are no dead letters." in command("redrive").out


def test_what_was_not_shown_is_not_moved(letters: None, command: Ops, stack: Stack) -> None:
    url = stack.output("ListDeadLetterQueueUrl")
    stack.sqs.send_message(QueueUrl=url, MessageBody="another one")

    said = command("redrive", "--yes", "--most", "1", "--json").json

    assert (len(said["shown"]), len(said["moved"]), said["more"]) == (3, 3, 1)
    assert len(bodies(stack, "ListDeadLetterQueueUrl")) == 1


def test_somebody_who_says_no_moves_nothing(
    letters: None, command: Ops, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.confirm", lambda *_given, **_more: False)

    assert "Nothing was moved." in command("redrive").out
    assert len(bodies(stack, "ListDeadLetterQueueUrl")) == 1


def test_letters_that_are_held_are_kept_from_others_until_they_are_let_go(letters: None, stack: Stack) -> None:
    held = hold(stack, most=10)
    assert bodies(stack, "ListDeadLetterQueueUrl") == []

    let_go(stack, held)

    assert len(bodies(stack, "ListDeadLetterQueueUrl")) == 1


# The whole way


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions are started by the test, or not at all."""
    monkeypatch.setattr(ops.smoke, "functions_at_work", lambda _stack: nullcontext(lambda: None))


def test_what_an_older_version_left_out_of_the_index_is_put_into_it(command: Ops, stack: Stack) -> None:
    day = NOW.date()
    ended = [a_placed_backorder(f"ended{n}.com", State.FAILED, settled=True) for n in range(3)]
    for backorder in ended:
        stack.store.create(backorder)
    for domain in ("ended0.com", "ended1.com"):
        stack.client("dynamodb").update_item(
            TableName=stack.output("TableName"),
            Key={"pk": {"S": f"domain#{domain}"}, "sk": {"S": "cycle#0001"}},
            UpdateExpression="REMOVE #open, due",
            ExpressionAttributeNames={"#open": "open"},
        )
    stack.store.save_day(day, {"of": "one"})
    now, soon = stack.clock(), stack.clock() + timedelta(minutes=5)
    assert stack.store.acquire_lease("reconcile", "a run", now=now, until=soon)
    assert "a reconciliation is under way" in command("reindex").err
    assert stack.store.closed_days()[day] == {"of": "one"}, "sums that it adds up meanwhile would be kept without them"
    stack.store.release_lease("reconcile", "a run")
    before = stack.store.get(BackorderKey("ended2.com", 1))

    assert command("reindex", "--json").json["put_right"] == 2
    found = {backorder.domain for backorder in stack.store.closed(day, day + timedelta(days=1))}
    assert found >= {"ended0.com", "ended1.com", "ended2.com"}
    assert stack.store.closed_days()[day] is None, "its sums are added up anew"
    assert stack.store.get(BackorderKey("ended2.com", 1)) == before, "what was there is not written again"
    assert "the reports have all" in command("reindex").out
    now = stack.clock()
    assert not stack.store.acquire_lease("reconcile", "a run", now=now, until=soon), "the index may be a moment old"
    assert stack.store.acquire_lease("reconcile", "a run", now=now + timedelta(minutes=2), until=soon)
    stack.store.release_lease("reconcile", "a run")  # other tests' runs want it


def test_of_an_item_that_is_not_understood_each_command_says_so(command: Ops, stack: Stack) -> None:
    table = Table(stack.client("dynamodb"), stack.output("TableName"))
    for backorder in (
        a_backorder("newer.com", State.CANCELLED, settled=True),
        a_backorder("newer.com", cycle=2),
        a_backorder("john.com"),
    ):
        stack.store.create(backorder)
    key = ("domain#newer.com", "cycle#0002")
    sound, lies = table.item(*key), table.change(*key, ("plan", UNKNOWN_WORD))
    fault = "domain#newer.com, cycle#0002 is not understood: a newer version wrote it, or it is damaged"
    try:
        told = command("why", "newer.com")
        assert fault in told.out
        assert "newer.com: CANCELLED" in told.out
        assert command("why", "newer.com", "--json").json["not_understood"] == [f"the item {fault}"]
        assert "1 item of the table is not understood" in command("status").out
        shown = command("cancel", "newer.com", "john.com", "--json").json
        assert [(name["will_act"], name["what"]) for name in shown["names"]] == [
            (False, f"the item {fault}"),
            (True, "is taken back at once: nothing was sent for it"),
        ]
        assert table.item(*key) == lies
    finally:
        table.client.put_item(TableName=table.name, Item=sound)
        for sk in ("cycle#0001", "cycle#0002"):
            table.client.delete_item(TableName=table.name, Key={"pk": {"S": key[0]}, "sk": {"S": sk}})
        table.client.delete_item(TableName=table.name, Key={"pk": {"S": "domain#john.com"}, "sk": {"S": "cycle#0001"}})


def test_the_smoke_test_passes_every_station_and_leaves_nothing_behind(
    elsewhere: None, at_work: None, command: Ops, stack: Stack
) -> None:
    said = command("smoke", "--json")

    assert said.status == 0, said.err
    assert [(station["name"], station["passed"]) for station in said.json["stations"]] == [
        (name, True)
        for name in (
            "object",
            "summary",
            "table",
            "plan",
            "order",
            "provider",
            "reconcile",
            "report",
            "cancel",
            "nothing left",
        )
    ]
    latest = [stack.store.latest(name) for name in said.json["names"]]
    assert [backorder and backorder.state for backorder in latest] == [State.CANCELLED] * 2


def test_the_smoke_test_says_where_it_is_stuck(elsewhere: None, command: Ops, stack: Stack) -> None:
    said = command("smoke", "--patience", "1")

    assert said.status == 1
    assert "FAIL  summary" in said.out
    assert "look at IngestList's log" in said.out
    assert "Take the names back by hand" in said.out
    emptied(stack, stack.output("ListQueueUrl"))


def test_the_smoke_test_leaves_a_live_stack_alone(command: Ops, file: Path) -> None:
    live = json.loads(file.read_text())
    live["deployment"]["parameters"]["Stage"] = "live"
    file.write_text(json.dumps(live))

    said = command("smoke")

    assert said.status == 2
    assert "--live does it here" in said.err


# The account


def test_the_doctor_finds_a_fresh_stack_working(command: Ops) -> None:
    said = command("doctor", "--json")

    assert said.status == 0
    checks = {check["name"]: check["verdict"] for check in said.json["checks"]}
    assert (checks["login"], checks["account"], checks["schedules"]) == ("ok", "ok", "ok")
    assert checks["mail"] == "warning"


def test_the_doctor_tells_of_rules_that_an_upgrade_no_longer_understands(command: Ops, stack: Stack) -> None:
    before = stack.store.document("rules")
    outdated = {"text": "[limits]\nper_fortnight = 5\n", "version": "v1", "modified": "2020-01-01T00:00:00Z"}
    stack.store.put_document("rules", outdated)
    try:
        said = command("doctor", "--json")
    finally:
        if before is None:
            stack.store.delete_document("rules")
        else:
            stack.store.put_document("rules", before)

    assert said.status == 1
    rules, *_ = (check for check in said.json["checks"] if check["name"] == "rules")
    assert (rules["verdict"], "limits.per_fortnight" in rules["told"]) == ("fault", True)
    assert "--kind rules" in rules["advice"]
    assert {check["name"] for check in said.json["checks"]} >= {"login", "account", "schedules"}


def test_the_doctor_only_reads_at_the_provider(command: Ops, local: LocalStack) -> None:
    before = Control(local.emulator_base_url).state()["calls"]

    command("doctor")

    calls = Counter(Control(local.emulator_base_url).state()["calls"])
    calls.subtract(before)
    assert {name for name, count in calls.items() if count} <= {
        "CheckAuthentication",
        "StatusUser",
        "StatusAccount",
        "StatusContact",
        "QueryDomainOptions",
    }


def test_settings_are_checked_without_a_stack(command: Ops, local: LocalStack, tmp_path: Path) -> None:
    login, rules = tmp_path / "login.json", tmp_path / "rules.toml"
    login.write_text(json.dumps({"login": "test.user", "password": PASSWORD}))
    rules.write_text('[provider.zones.com]\nOWNERCONTACT0 = "P-NIX"\n')

    said = command(
        "doctor", "--login-file", str(login), "--rules", str(rules), "--endpoint", local.emulator_url, "--json"
    )

    assert said.status == 1
    faults = [check for check in said.json["checks"] if check["verdict"] == "fault"]
    assert [(check["name"], check["told"]) for check in faults] == [("contacts", "P-NIX is not there")]


@pytest.mark.parametrize("content", ['{"login": "test.user"', "[]", '{"login": "x", "password": ""}', "\xff"])
def test_a_login_file_that_is_none_is_refused_without_being_shown(command: Ops, tmp_path: Path, content: str) -> None:
    login = tmp_path / "login.json"
    login.write_text(content, encoding="latin-1")

    said = command("doctor", "--login-file", str(login))

    assert said.status == 2
    assert "login.json" in said.err
    assert "test.user" not in said.err


def test_a_login_that_the_provider_refuses_does_not_get_into_the_secret(
    command: Ops, stack: Stack, tmp_path: Path
) -> None:
    login = tmp_path / "login.json"
    login.write_text('{"login": "test.user", "password": "hunter2"}')

    said = command("secret", "--login-file", str(login))

    assert said.status == 2
    assert "the secret stays as it was" in said.err
    assert "hunter2" not in said.out + said.err
    assert stack.credentials().password == PASSWORD


def test_a_login_that_the_provider_takes_is_in_the_secret(command: Ops, stack: Stack, tmp_path: Path) -> None:
    login = tmp_path / "login.json"
    login.write_text('{"login": "other.user", "password": "other.passw0rd"}')

    said = command("secret", "--login-file", str(login))

    assert said.status == 0
    assert "other.passw0rd" not in said.out + said.err
    assert stack.credentials().login == "other.user"
    login.write_text(json.dumps({"login": "test.user", "password": PASSWORD}))
    command("secret", "--login-file", str(login), "--unchecked")


# Where the stack is


def test_without_a_stack_a_command_says_what_to_do(command: Ops, file: Path) -> None:
    file.unlink()

    said = command("status")

    assert said.status == 2
    assert "run `make up` in another terminal" in said.err
    assert "Traceback" not in said.err


def test_a_stack_that_is_gone_is_told_from_one_that_never_was(command: Ops, file: Path) -> None:
    gone = json.loads(file.read_text())
    gone["moto_url"] = "http://127.0.0.1:9"
    file.write_text(json.dumps(gone))

    assert "answers no more" in command("status").err


def create(local: LocalStack, stage: str) -> str:
    """Has CloudFormation know a stack with the outputs and parameters of the local one, and gives its name."""
    template = {
        "Parameters": {"Stage": {"Type": "String"}, "Endpoint": {"Type": "String"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in local.deployment.outputs.items()},
    }
    client = boto3.client("cloudformation")
    name = f"deployed-{datetime.now(UTC):%H%M%S%f}"
    client.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": "Stage", "ParameterValue": stage},
            {"ParameterKey": "Endpoint", "ParameterValue": local.emulator_url},
        ],
    )
    return name


@pytest.fixture
def in_moto(local: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in local.deployment.environment("IngestList").items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.fixture
def deployed(local: LocalStack, in_moto: None) -> str:
    return create(local, "test")


def test_the_doctor_tells_of_a_live_stack_whose_endpoint_is_no_https(
    local: LocalStack, in_moto: None, command: Ops
) -> None:
    said = command("doctor", "--stack", create(local, "live"), "--json")

    assert said.status == 1
    (endpoint,) = (check for check in said.json["checks"] if check["name"] == "endpoint")
    assert (endpoint["verdict"], "over https only" in endpoint["told"]) == ("fault", True)


def test_a_deployed_stack_is_as_old_as_cloudformation_says(deployed: str) -> None:
    (described,) = boto3.client("cloudformation").describe_stacks(StackName=deployed)["Stacks"]

    assert find(deployed).created == described["CreationTime"]


def test_a_deployed_stack_is_found_by_its_outputs(deployed: str, command: Ops) -> None:
    said = command("status", "--stack", deployed, "--json")

    assert said.status == 0
    assert said.json["stack"] == deployed


def test_a_name_that_is_no_stack_is_told_with_its_region(deployed: str, command: Ops) -> None:
    said = command("status", "--stack", "backorder-liev")

    assert said.status == 2
    assert "no stack backorder-liev in region us-east-1" in said.err


def test_a_stack_of_something_else_is_refused(deployed: str, command: Ops) -> None:
    boto3.client("cloudformation").create_stack(
        StackName="website", TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    )

    assert "none of this pipeline" in command("status", "--stack", "website").err


def test_without_credentials_a_command_says_how_to_sign_in(
    command: Ops, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    said = command("status", "--stack", "backorder-live")

    assert said.status == 2
    assert "there are no credentials for AWS" in said.err


def test_a_wrong_option_is_told_in_one_line(command: Ops) -> None:
    said = command("put", "x.txt", "--kind", "wnated")

    assert said.status == 2
    assert said.err.startswith("ops: ")
