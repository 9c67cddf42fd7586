"""Faults of the network, played by a real server on loopback: what could have been sent is never sent twice."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest

from backorder.provider.hexonet import transport
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials, SecretCredentials
from backorder.provider.hexonet.transport import MAX_BODY_BYTES
from backorder.provider.port import AccessDenied, OutcomeUnknown, ProviderError, TemporaryFailure

PASSWORD = "pa55-never-shown"
READ_TIMEOUT = 0.4
"""Where an answer is withheld. Elsewhere the client waits long, so that a busy machine makes no time-out."""

APPLICATION = (
    b"[RESPONSE]\r\nCODE=200\r\nDESCRIPTION=fine\r\nPROPERTY[APPLICATION][0]=10700\r\nPROPERTY[DOMAIN][0]=john.com\r\n"
    b"PROPERTY[CLASS][0]=COM_BACKORDER\r\nPROPERTY[STATUS][0]=REQUESTED\r\n"
    b"PROPERTY[CREATEDDATE][0]=2026-01-01 00:00:00\r\nEOF\r\n"
)


def http(body: bytes, *, status: str = "200 OK", length: int | None = None, headers: str = "") -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body


def denied() -> bytes:
    return http(b"[RESPONSE]\nCODE=530\nDESCRIPTION=Authentication failed\nEOF\n")


def send(data: bytes) -> Play:
    return lambda connection, _form: connection.sendall(data)


def send_and_close(data: bytes) -> Play:
    def play(connection: socket.socket, _form: dict[str, str]) -> None:
        connection.sendall(data)
        # Not `close`, which waits for the stream that the server reads from.
        connection.shutdown(socket.SHUT_RDWR)

    return play


def reset(connection: socket.socket, _form: dict[str, str]) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close(connection: socket.socket, _form: dict[str, str]) -> None:
    connection.close()


def say_nothing(_connection: socket.socket, _form: dict[str, str]) -> None:
    """The client gives up and closes."""


def drip(connection: socket.socket, _form: dict[str, str]) -> None:
    """A good answer, for a client that waits seven seconds for it."""
    with contextlib.suppress(OSError):
        for byte in http(APPLICATION):
            connection.sendall(bytes((byte,)))
            time.sleep(READ_TIMEOUT / 10)


Play = Callable[[socket.socket, dict[str, str]], None]


class Server:
    """An HTTP server that plays one thing a request, the last one for ever. Counts requests and connections."""

    def __init__(self) -> None:
        self.plays: list[Play] = [send(http(APPLICATION))]
        self.forms: list[dict[str, str]] = []
        self.heads: list[str] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def play(self, *plays: Play) -> None:
        self.plays = list(plays)

    def close(self) -> None:
        self._listener.close()

    def provider(self, credentials: Callable[[], Credentials] | None = None, **settings: Any) -> HexonetClient:
        return HexonetClient(
            endpoint=f"http://127.0.0.1:{self.port}/api/call.cgi",
            stage="test",
            credentials=credentials or (lambda: Credentials("jane", PASSWORD)),
            **{"pool_size": 4, "connect_timeout": 1.0, "read_timeout": 20.0, "sleep": _no_pause, **settings},
        )

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline():
                head = line
                while (line := stream.readline()) not in (b"\r\n", b""):
                    head += line
                lengths = [
                    part.split(b":")[1] for part in head.lower().split(b"\r\n") if part.startswith(b"content-length")
                ]
                if not lengths:
                    return  # no HTTP: a TLS handshake
                length = int(lengths[0])
                form = dict(parse_qsl(stream.read(length).decode()))
                with self._lock:
                    self.forms.append(form)
                    self.heads.append(head.decode())
                    play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
                if play is close or play is reset:
                    stream.close()  # it holds the socket open, and reads nothing more
                play(connection, form)


def _no_pause(_seconds: float) -> None:
    pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


UNKNOWN: dict[str, Play] = {
    "time-out": say_nothing,
    "reset": reset,
    "closed": close,
    "empty": send(http(b"")),
    "cut in the body": send_and_close(http(APPLICATION[:80], length=len(APPLICATION))),
    "cut before EOF": send(http(APPLICATION[:-5])),
    "cut in the head": send_and_close(b"HTTP/1.1 200"),
    "HTML": send(http(b"<html><body>It works!</body></html>")),
    "HTTP 500": send(http(b"<html>", status="500 Internal Server Error")),
    "HTTP 503": send(http(b"<html>", status="503 Service Unavailable")),
    "HTTP 404": send(http(b"<html>", status="404 Not Found")),
    "redirect": send(http(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n")),
    "no HTTP": send_and_close(b"220 mail.example ESMTP\r\n\r\n"),
    "bad gzip": send(http(b"no gzip", headers="Content-Encoding: gzip\r\n")),
    "drip": drip,
}


WITHHELD = ("time-out", "drip")


def waits(fault: str) -> dict[str, Any]:
    return {"read_timeout": READ_TIMEOUT} if fault in WITHHELD else {}


@pytest.mark.parametrize("fault", UNKNOWN)
def test_an_order_that_may_have_arrived_is_sent_once(server: Server, fault: str) -> None:
    server.play(UNKNOWN[fault])
    with pytest.raises(OutcomeUnknown) as caught:
        server.provider(**waits(fault)).place("john.com")
    assert len(server.forms) == 1
    assert "john.com" in str(caught.value)


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_question_is_asked_again_whatever_went_wrong(server: Server, fault: str) -> None:
    server.play(UNKNOWN[fault], send(http(APPLICATION)))
    assert server.provider(**waits(fault)).application("10700").domain == "john.com"
    assert len(server.forms) == 2


def test_a_connection_that_was_never_made_is_a_temporary_failure(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
    with pytest.raises(TemporaryFailure, match="no connection was made"):
        server.provider().place("john.com")


def test_a_host_that_does_not_exist_is_a_temporary_failure() -> None:
    provider = HexonetClient(
        endpoint="https://nowhere.invalid/api",
        stage="test",
        credentials=lambda: Credentials("jane", PASSWORD),
        pool_size=1,
        retries=0,
    )
    with pytest.raises(TemporaryFailure, match="no connection was made"):
        provider.place("john.com")


def test_a_server_without_tls_gets_nothing_to_read(server: Server) -> None:
    provider = HexonetClient(
        endpoint=f"https://127.0.0.1:{server.port}/api",
        stage="test",
        credentials=lambda: Credentials("jane", PASSWORD),
        pool_size=1,
        connect_timeout=0.2,
        read_timeout=READ_TIMEOUT,
        retries=0,
    )
    with pytest.raises(ProviderError):
        provider.place("john.com")
    assert server.forms == []


def test_too_many_requests_are_repeated_and_shrink_the_cap(server: Server) -> None:
    server.play(send(http(b"<html>", status="429 Too Many Requests")), send(http(APPLICATION)))
    provider = server.provider()
    assert provider.place("john.com").id == "10700"
    assert provider.concurrency.cap == 2


def test_http_503_shrinks_the_cap(server: Server) -> None:
    server.play(send(http(b"", status="503 Service Unavailable")))
    provider = server.provider()
    with pytest.raises(OutcomeUnknown):
        provider.place("john.com")
    assert provider.concurrency.cap == 2


def test_one_connection_serves_many_calls(server: Server) -> None:
    provider = server.provider()
    for _ in range(20):
        provider.place("john.com")
    assert server.connections == 1
    assert server.heads[0].startswith("POST /api/call.cgi HTTP/1.1")
    assert "User-Agent: backorder-pipeline/" in server.heads[0]
    assert PASSWORD not in "".join(server.heads)


def test_a_connection_closed_while_idle_is_not_used_for_an_order(server: Server) -> None:
    closed, answer = threading.Event(), send_and_close(http(APPLICATION))

    def play(connection: socket.socket, form: dict[str, str]) -> None:
        answer(connection, form)
        closed.set()

    server.play(play, send(http(APPLICATION)))
    provider = server.provider()
    provider.place("john.com")
    assert closed.wait(20)
    provider.place("john.com")
    assert len(server.forms) == 2
    assert server.connections == 2


def test_threads_share_a_pool_of_the_size_given(server: Server) -> None:
    provider = server.provider(pool_size=4)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: provider.place("john.com").id, range(100)))
    assert found == ["10700"] * 100
    assert server.connections <= 4


def test_no_call_waits_for_a_delayed_acknowledgement(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # Head and body are two segments. Without TCP_NODELAY the second waits for the first one's acknowledgement, which
    # the other side delays by 40 ms.
    at_once = []
    sendall = socket.socket.sendall

    def watched(self: socket.socket, data: bytes) -> None:
        if self.getpeername()[1] == server.port:
            at_once.append(bool(self.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        sendall(self, data)

    monkeypatch.setattr(socket.socket, "sendall", watched)
    server.provider().place("john.com")
    assert at_once == [True, True]


class Secrets:
    def __init__(self, *passwords: str) -> None:
        self.passwords = list(passwords)
        self.reads = 0

    def get_secret_value(self, **_: str) -> dict[str, str]:
        self.reads += 1
        password = self.passwords.pop(0) if len(self.passwords) > 1 else self.passwords[0]
        return {"SecretString": json.dumps({"login": "jane", "password": password})}


def test_an_answer_that_is_too_large_is_refused_before_it_is_read(server: Server) -> None:
    """Nothing of it is waited for, and nothing is held."""
    server.play(send(f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n[RESPONSE]".encode()))
    with pytest.raises(OutcomeUnknown, match="larger than"):
        server.provider(retries=0, read_timeout=600.0).account()


def test_an_answer_whose_size_is_not_announced_is_refused_where_it_becomes_too_large(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 100_000)
    server.play(send_and_close(b"HTTP/1.1 200 OK\r\n\r\n[RESPONSE]\r\n" + b"X=1\r\n" * 100_000))
    with pytest.raises(OutcomeUnknown, match="larger than"):
        server.provider(retries=0).account()


def accept_only(password: str) -> Play:
    def play(connection: socket.socket, form: dict[str, str]) -> None:
        connection.sendall(http(APPLICATION) if form["s_pw"] == password else denied())

    return play


def test_a_rotated_secret_is_read_again(server: Server) -> None:
    server.play(accept_only(PASSWORD))
    secrets = Secrets("old", PASSWORD)
    provider = server.provider(SecretCredentials("arn", cast("Any", secrets)))
    assert provider.place("john.com").id == "10700"
    assert provider.place("john.com").id == "10700"
    assert (secrets.reads, len(server.forms)) == (2, 3)


def test_a_wrong_secret_halts(server: Server) -> None:
    server.play(send(denied()))
    provider = server.provider(SecretCredentials("arn", cast("Any", Secrets(PASSWORD))))
    with pytest.raises(AccessDenied, match="login 'jane'"):
        provider.place("john.com")
    assert [form["COMMAND"] for form in server.forms] == ["AddDomainApplication", "StatusAccount"]


def test_no_fault_shows_the_password(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    echo: Play = lambda connection, form: connection.sendall(  # noqa: E731
        http(f"[RESPONSE]\nCODE=505\nDESCRIPTION=bad s_pw {form['s_pw']}\nEOF\n".encode())
    )
    shown = []
    plays = {**UNKNOWN, "denied": send(denied()), "echo": echo, "fine": send(http(APPLICATION))}
    for fault, play in plays.items():
        server.play(play)
        provider = server.provider(retries=0, **waits(fault))
        try:
            shown.append(repr(provider.place("john.com")))
        except ProviderError as error:
            shown += [str(error), repr(error), repr(vars(error)), repr(error.__cause__), repr(error.__context__)]
        shown += [repr(provider), repr(vars(provider))]
    out, err = capfd.readouterr()
    text = "\n".join([*shown, out, err, caplog.text, *(repr(vars(record)) for record in caplog.records)])
    assert "provider_call command=AddDomainApplication" in text
    assert PASSWORD not in text
    assert all(form["s_pw"] == PASSWORD for form in server.forms)
