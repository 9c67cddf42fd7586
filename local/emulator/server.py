"""The emulator on a port of this machine: HTTP/1.1 with keep-alive, each answer in one write."""

import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType

from .emulator import Emulator
from .endpoints import answer
from .wire import Delivery, form_fields

API_PATH = "/api/call.cgi"
#: Largest body that is read: a list of many thousand domains in one command has room.
LARGEST_BODY = 16 * 1024 * 1024

_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class EmulatorServer(ThreadingHTTPServer):
    """Serves one emulator on 127.0.0.1; port 0 takes a free one. Also a context manager that serves in a thread."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, emulator: Emulator, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.emulator = emulator
        self._thread: threading.Thread | None = None

    def server_bind(self) -> None:
        """Without the look-up of the machine's own name, which can take seconds where there is no DNS."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    @property
    def root(self) -> str:
        """Where the server listens: `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """The API's address."""
        return self.root + API_PATH

    def __enter__(self) -> "EmulatorServer":
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        if self._thread is not None:
            self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error here; anything else is the emulator's own and is shown."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: EmulatorServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is logged: a request line can hold a password."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(413, "text/plain", b"")
            return
        body = self.rfile.read(int(length))
        path, _, query = self.path.partition("?")
        if path == API_PATH:
            fields = form_fields(query, body.decode("utf-8", "replace"))
            self._deliver(self.server.emulator.exchange(fields))
        else:
            status, given = answer(self.server.emulator, self.command, path, body)
            self._send(status, "application/json", json.dumps(given).encode())

    def _deliver(self, delivery: Delivery) -> None:
        wait = (self.server.emulator.options.latency + delivery.hold).total_seconds()
        if wait:
            time.sleep(wait)
        if delivery.ending == "answer":
            self._send(delivery.status, delivery.content_type, delivery.body)
            return
        self.close_connection = True
        if delivery.ending == "short":
            self._send(delivery.status, delivery.content_type, delivery.body, sent=len(delivery.body) // 2)
        elif delivery.ending == "reset":
            # A linger of zero makes close() send RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _send(self, status: int, content_type: str, body: bytes, *, sent: int | None = None) -> None:
        ending = "close" if self.close_connection else "keep-alive"
        head = (
            f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\nDate: {self.server.emulator.date}\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: {ending}\r\n\r\n"
        )
        # In one write: a second segment could wait for the acknowledgement of the first.
        self.wfile.write(head.encode("ascii") + (body if sent is None else body[:sent]))
