"""moto's server, as the local stack needs it: `python -m local.stack.moto.server --port 0`.

It differs from `moto_server` in a few things. Connections are kept alive, which Werkzeug's own server never does.
Calls are handled one after the other: moto checks a condition and writes in two steps, so that two calls at the same
time could both claim a backorder, which DynamoDB would never allow. And it says nothing but where it listens.
"""

import argparse
import io
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from local.stack.moto.pace import quicken

READY = "moto listening on "
# A long poll sleeps inside the call, and would hold up everyone.
UNLOCKED = "AmazonSQS.ReceiveMessage"


class Dispatcher(DomainDispatcherApplication):
    """Finds the service of a call; moto lists its own source folder for each, a quarter of the call's time."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The service that `host` names, looked up once."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


class KeepAliveHandler(MotoRequestHandler):
    """Answers one call after the other on one connection, each in one write, and logs none."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: header and body leave together
    moto_is_busy = threading.Lock()

    def run_wsgi(self) -> None:
        """Has moto answer the call whose header was read. Bodies without a length close the connection afterwards."""
        environ = self.make_environ()
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
        else:
            # Read to its end even if moto does not care for it: the next call begins behind it.
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        response = self._answer(environ)
        self.send_response(response.status_code)
        for name, value in response.headers:
            if name != "Content-Length":
                self.send_header(name, value)
        body = response.get_data()
        bodiless = self.command == "HEAD" or response.status_code == HTTPStatus.NO_CONTENT
        # A HEAD answer's length is the object's, not that of the body which is not sent.
        length = response.headers.get("Content-Length") if bodiless else str(len(body))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        if not bodiless:
            self.wfile.write(body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Lets boto3 go on with an object's body: what it waits for, up to a second, must not stay in the buffer."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def _answer(self, environ: dict[str, Any]) -> Response:
        if environ.get("HTTP_X_AMZ_TARGET") == UNLOCKED:
            return Response.from_app(self.server.app, environ, buffered=True)
        with self.moto_is_busy:
            return Response.from_app(self.server.app, environ, buffered=True)

    def log_request(self, *_: Any) -> None:
        """Says nothing."""


def main() -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    arguments = parser.parse_args()
    quicken()
    try:
        server = make_server("127.0.0.1", arguments.port, Dispatcher(), threaded=True, request_handler=KeepAliveHandler)
    except OSError as error:
        raise SystemExit(f"moto cannot listen on port {arguments.port}: {error}") from error
    print(f"{READY}http://127.0.0.1:{server.server_port}", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
