"""moto's server, as the local stack needs it: `python -m local.moto_server --port 0`.

It differs from `moto_server` in three things. Connections are kept alive, and small answers sent at once. Calls are
handled one after the other: moto checks a condition and writes in two steps, so that two calls at the same time
could both claim a backorder, which DynamoDB would never allow. And it says nothing but where it listens.
"""

import argparse
import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.lifetime import end_with_parent, exit_on_terminate

READY = "moto listening on "


class QuietHandler(MotoRequestHandler):
    """Keeps connections open, and logs no requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, *_: Any) -> None:
        """Says nothing."""


class OneAtATime:
    """A WSGI application that handles one call at a time.

    Receiving messages is left out: a long poll sleeps in the call, and would hold up everyone.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage":
            return list(self._application(environ, start_response))
        with self._lock:
            return list(self._application(environ, start_response))


def main() -> None:
    """Serves until it is told to stop, or its parent dies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    arguments = parser.parse_args()
    end_with_parent()
    exit_on_terminate()
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", arguments.port, application, threaded=True, request_handler=QuietHandler)
    print(f"{READY}http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
