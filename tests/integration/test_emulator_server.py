"""The emulator on a port: the quickstart's calls, JSON for tests, faults as sockets see them, start and stop."""

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.emulator import Emulator, EmulatorServer, FaultMix, Options

START = datetime(2026, 11, 24, tzinfo=UTC)
CREDENTIALS = "s_entity=1234&s_login=test.user&s_pw=test.passw0rd"
ORDER = "command=AddDomainApplication&class=BACKORDER&domain=john.com"
HERE = Path(__file__).parents[2]
PATIENCE_S = 20.0
"""For answers that are not withheld: a busy machine makes no time-out."""


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer(Emulator(Options(start=START))) as server:
        yield server


def connect(server: EmulatorServer, *, timeout: float = PATIENCE_S) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=timeout)


@pytest.fixture
def connection(server: EmulatorServer) -> Iterator[http.client.HTTPConnection]:
    connection = connect(server)
    yield connection
    connection.close()


def post(connection: http.client.HTTPConnection, path: str, body: str) -> tuple[int, str]:
    connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def ask(connection: http.client.HTTPConnection, path: str, given: object = None) -> Any:
    connection.request("GET" if given is None else "POST", f"/_emulator/{path}", json.dumps(given) if given else None)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 200, body
    return body


def test_the_quickstart_s_call_with_credentials_in_the_query_string(connection: http.client.HTTPConnection) -> None:
    status, body = post(connection, f"/api/call.cgi?{CREDENTIALS}", ORDER)
    assert status == 200
    assert "PROPERTY[STATUS][0]=REQUESTED\r\n" in body


def test_credentials_in_the_body_and_everything_in_the_query_are_taken_too(
    connection: http.client.HTTPConnection,
) -> None:
    assert "CODE=200\r\n" in post(connection, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")[1]
    connection.request("GET", f"/api/call.cgi?{CREDENTIALS}&command=StatusAccount")
    assert b"PROPERTY[AMOUNT][0]=5000.00" in connection.getresponse().read()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_quickstart_s_curl_line(server: EmulatorServer) -> None:
    line = ["curl", "--silent", "--max-time", "20", "-d", ORDER, f"{server.url}?{CREDENTIALS}"]
    answer = subprocess.run(line, capture_output=True, text=True, check=True)
    assert "CODE=200" in answer.stdout
    large = ["curl", "--silent", "--max-time", "20", "-H", "Expect: 100-continue", *line[4:]]
    assert "CODE=200" in subprocess.run(large, capture_output=True, text=True, check=True).stdout


def test_an_error_of_the_command_is_still_http_200(connection: http.client.HTTPConnection) -> None:
    status, body = post(connection, "/api/call.cgi", ORDER)
    assert (status, "CODE=530" in body) == (200, True)


def test_an_answer_leaves_in_one_piece(
    connection: http.client.HTTPConnection, server: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A second piece would wait for the first one's acknowledgement, which the other side delays by 40 ms.
    pieces = []

    def watch(name: str) -> None:
        send = getattr(socket.socket, name)

        def watched(self: socket.socket, data: bytes, *flags: int) -> Any:
            if self.getsockname() == server.server_address:
                pieces.append(bytes(data))
            return send(self, data, *flags)

        monkeypatch.setattr(socket.socket, name, watched)

    watch("send")
    watch("sendall")
    for number in range(3):
        post(connection, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}&new=1")
        assert len(pieces) == number + 1
    assert all(piece.startswith(b"HTTP/1.1 200 ") and piece.endswith(b"EOF\r\n") for piece in pieces)


def test_the_clock_moves_and_tells_what_happened(connection: http.client.HTTPConnection) -> None:
    post(connection, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")
    drops = [{"domain": "john.com", "drop_at": "2026-11-30T19:00:00Z", "outcome": "FAILED"}]
    assert ask(connection, "drops", drops) == {"drops": 1, "changed": 1}
    assert ask(connection, "drops", drops) == {"drops": 1, "changed": 0}
    assert ask(connection, "clock") == {
        "now": "2026-11-24T00:00:00Z",
        "clock": "frozen",
        "next": "2026-11-26T19:00:00Z",
    }
    moved = ask(connection, "clock", {"now": "2026-11-27T16:00:00Z"})
    assert [each["what"] for each in moved["happened"]] == ["listed", "active"]
    assert moved["next"] == "2026-11-30T16:00:00Z"
    assert ask(connection, "clock", {"advance_s": 60})["now"] == "2026-11-27T16:01:00Z"
    state = ask(connection, "state")
    assert state["drops"] == [
        {
            "domain": "john.com",
            "finalization_at": "2026-11-30T16:00:00Z",
            "drop_at": "2026-11-30T19:00:00Z",
            "outcome": "FAILED",
        }
    ]
    (application,) = state["applications"]
    assert (application["status"], application["class"]) == ("ACTIVE", "COM_BACKORDER")
    (deposit,) = state["deposits"]
    assert (deposit["domain"], deposit["amount"], deposit["user"]) == ("john.com", "69.00", "test.user")
    assert state["account"]["deposit"] == "69.00"
    assert state["calls"] == {"AddDomainApplication": 1}


def test_money_moves(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "account", {"pay_in": "100.00"})["amount"] == "5100.00"
    assert ask(connection, "account", {"charge": "20.00", "description": "mine.com"})["balance"] == "5080.00"
    accounting = ask(connection, "state")["accounting"]
    assert [(entry["type"], entry["price"]) for entry in accounting] == [
        ("PAYMENT", "100.00"),
        ("ADD_DOMAIN", "-20.00"),
    ]


def test_the_same_order_from_many_threads_at_once_is_one_application(server: EmulatorServer) -> None:
    def call(_: int) -> str:
        client = connect(server)
        body = post(client, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")[1]
        client.close()
        return body

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(call, range(64)))
    assert len(answers) == 1
    assert server.emulator.state()["created"] == 1


def test_no_answer_and_no_output_holds_a_password(capfd: pytest.CaptureFixture[str], server: EmulatorServer) -> None:
    client = connect(server)
    seen = []
    for mix in ([], ["html"], ["cut"], ["code_420"], ["empty"]):
        server.emulator.set_faults(1.0 if mix else 0.0, mix)
        for fields in (CREDENTIALS, CREDENTIALS.replace("1234", "54cd"), f"{CREDENTIALS}&test.passw0rd=1&command=x"):
            try:
                seen.append(post(client, f"/api/call.cgi?{fields}", f"{ORDER}&command=CheckAuthentication")[1])
                seen.append(post(client, "/api/call.cgi", f"{fields}&{ORDER}")[1])
            except http.client.IncompleteRead as short:
                seen.append(short.partial.decode())
                client.close()
    seen += [json.dumps(ask(client, "state")), *capfd.readouterr()]
    client.close()
    assert "passw0rd" not in "".join(seen).lower()


def test_faults_are_switched_on_and_counted(connection: http.client.HTTPConnection) -> None:
    ask(connection, "faults", {"rate": 1.0, "kinds": ["code_425"], "seed": 1})
    assert "CODE=425" in post(connection, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")[1]
    ask(connection, "faults", {"rate": 0})
    assert "CODE=200" in post(connection, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")[1]
    ask(connection, "faults", {"books": ["application_vanished"], "domains": ["john.com"]})
    state = ask(connection, "state")
    assert state["applications"] == []
    assert state["faults"] == {"code_425": 1, "application_vanished": 1}


@pytest.mark.parametrize(
    ("path", "given", "says"),
    [
        ("clock", {"now": "tomorrow"}, "tomorrow"),
        ("clock", {"now": "2026-11-23T00:00:00Z"}, "before"),
        ("clock", {"now": "2026-11-25T00:00:00Z", "advance_s": 1}, "either"),
        ("clock", {"advance_s": 1e30}, "advance_s"),
        ("clock", {"advance_s": 1e12}, "advance_s"),
        ("clock", {"advance_s": "soon"}, "'soon'"),
        ("clock", {"advance_s": None}, "advance_s"),
        ("account", {"pay_in": "-1"}, "-1"),
        ("account", {"pay_in": "much"}, "much"),
        ("drops", [{"domain": "john.com"}], "john.com"),
        ("drops", [{"domain": "john.com", "at": "x"}], "unknown: at"),
        ("drops", {"domain": "john.com"}, "list"),
        ("drops", [{"drop_at": "2026-11-27T19:00:00Z"}], "domain is missing"),
        ("drops", [{"domain": 5, "drop_at": "2026-11-27T19:00:00Z"}], "5 is no name"),
        ("drops", [{"domain": "john.com", "drop_at": "0001-01-01T00:00:00Z"}], "0001-01-01T00:00:00Z"),
        ("faults", {"rate": 2}, "rate"),
        ("faults", {"rate": "often"}, "'often'"),
        ("faults", {"books": ["no_such"]}, "no_such"),
        ("faults", {"books": "refund_missing"}, "give a list of books"),
        ("faults", {"rate": 1, "kinds": "slow"}, "give a list of kinds"),
    ],
)
def test_what_is_unusable_is_a_400_that_says_what(
    connection: http.client.HTTPConnection, path: str, given: object, says: str
) -> None:
    connection.request("POST", f"/_emulator/{path}", json.dumps(given))
    answer = connection.getresponse()
    assert (answer.status, says in json.loads(answer.read())["error"]) == (400, True)


def test_other_paths_and_methods_are_not_there(connection: http.client.HTTPConnection) -> None:
    for method, path, status in (("GET", "/", 404), ("POST", "/_emulator/state", 405), ("GET", "/_emulator/x", 404)):
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("timeout_after", TimeoutError),
        ("reset_after", ConnectionResetError),
        ("reset_before", ConnectionResetError),
    ],
)
def test_a_fault_of_the_connection_is_one(kind: str, error: type[Exception]) -> None:
    with EmulatorServer(Emulator(Options(start=START, faults=FaultMix(rate=1.0, kinds=(kind,))))) as server:
        client = connect(server, timeout=0.3 if error is TimeoutError else PATIENCE_S)
        with pytest.raises(error):
            post(client, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")
        client.close()


def test_after_a_time_out_the_connection_is_closed_without_an_answer() -> None:
    mix = FaultMix(rate=1.0, kinds=("timeout_before",))
    with EmulatorServer(Emulator(Options(start=START, faults=mix))) as server:
        client = connect(server)
        with pytest.raises(http.client.RemoteDisconnected):
            post(client, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}")
        client.close()


def test_a_cut_answer_ends_too_early_one_way_or_the_other() -> None:
    ways = set()
    with EmulatorServer(Emulator(Options(start=START, faults=FaultMix(rate=1.0, kinds=("cut",))))) as server:
        for number in range(12):
            client = connect(server)
            try:
                _, body = post(client, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}{number}")
                assert "EOF" not in body
                ways.add("complete")
            except http.client.IncompleteRead:
                ways.add("incomplete")
            client.close()
    assert ways == {"complete", "incomplete"}


def test_latency_is_added_to_every_call_and_calls_wait_beside_each_other() -> None:
    with EmulatorServer(Emulator(Options(start=START, latency=timedelta(milliseconds=100)))) as slow:

        def call(number: int) -> int:
            client = connect(slow)
            status, _ = post(client, "/api/call.cgi", f"{CREDENTIALS}&{ORDER}{number}")
            client.close()
            return status

        begun = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(call, range(8))) == {200}
        assert time.perf_counter() - begun >= 0.1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_listens_and_stops_when_told(number: signal.Signals) -> None:
    line = [sys.executable, "-m", "local.emulator", "--port", "0", "--start", "2026-11-24T00:00:00Z", "--fee", "com=59"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HERE) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("emulator listening on http://127.0.0.1:")
        assert ready.endswith("/api/call.cgi\n")
        port = int(ready.split(":")[2].split("/")[0])
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        assert "CODE=200" in post(client, f"/api/call.cgi?{CREDENTIALS}", ORDER)[1]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE_S)
        client.close()
    assert (process.returncode, rest, errors) == (0, "", "")


def test_where_its_port_is_taken_it_says_how_to_choose_another(server: EmulatorServer) -> None:
    port = server.server_address[1]
    line = [sys.executable, "-m", "local.emulator", "--port", str(port)]
    ended = subprocess.run(line, capture_output=True, text=True, cwd=HERE, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"emulator: port {port}: Address already in use; on another one: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--fee", "com"], "ZONE=AMOUNT"),
        (["--balance", "much"], "much"),
        (["--start", "soon"], "soon"),
        (["--win-rate", "2"], "2"),
        (["--faults", "wild"], "wild"),
        (["--withhold", "everything"], "everything"),
        (["--currency", "dollars"], "dollars"),
        (["--no-such-option"], "no-such-option"),
    ],
)
def test_unusable_arguments_end_with_2_and_one_line_that_says_what(arguments: list[str], says: str) -> None:
    line = [sys.executable, "-m", "local.emulator", *arguments]
    ended = subprocess.run(line, capture_output=True, text=True, cwd=HERE, check=False)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_port_in_use_is_unusable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = [sys.executable, "-m", "local.emulator", "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(line, capture_output=True, text=True, cwd=HERE, check=False)
    assert ended.returncode == 2
    assert "in use" in ended.stderr
