"""moto without a server: what boto3 sends to ADDRESS from this process is answered in this process.

A run makes some ten thousand calls, and HTTP costs as much as moto's answer. The calls are signed, serialized and
parsed as any other's; only the connection is missing.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.moto_api._internal.models import moto_api_backend
from werkzeug.wrappers import Response

from local.stack.deployment import aws_session
from local.stack.moto.pace import quicken
from local.stack.moto.server import Dispatcher

ADDRESS = "http://127.0.0.1:0"
"""Nobody can listen on port 0: a call that is not answered here reaches nobody."""

# As in the server: moto checks a condition and writes in two steps.
_moto_is_busy = threading.Lock()


@contextmanager
def moto_in_process() -> Iterator[str]:
    """Gives the address of an empty moto, until the end of the block. There is one moto in a process.

    boto3's default session and the local stack's are new ones from here on: one that began before would send its calls
    out.
    """
    quicken()
    moto_api_backend.reset()
    boto3.setup_default_session()
    aws_session.cache_clear()
    try:
        yield ADDRESS
    finally:
        boto3.DEFAULT_SESSION = None
        moto_api_backend.reset()


@cache
def _dispatcher() -> Dispatcher:
    return Dispatcher()


def _answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
    """moto's answer to a call to ADDRESS; None for any other, which botocore then sends."""
    if not request.url.startswith(ADDRESS):
        return None
    body = _body(request)
    with _moto_is_busy:
        response = Response.from_app(_dispatcher(), _environ(request, body), buffered=True)
    headers = HTTPHeaders.from_pairs(response.headers.items())
    return AWSResponse(request.url, response.status_code, headers, _Raw(response.get_data()))


def _body(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)


def _environ(request: AWSPreparedRequest, body: bytes) -> dict[str, Any]:
    """The call as a WSGI server would hand it over (PEP 3333)."""
    url = urlsplit(request.url)
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    return {
        **headers,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": url.path,
        "RAW_URI": f"{url.path}?{url.query}" if url.query else url.path,
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": url.netloc,
        "SERVER_NAME": url.netloc,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


class _Raw(io.BytesIO):
    """A body as botocore reads it off a connection."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


# For every session that begins from here on, as moto's own stubs are.
botocore.handlers.BUILTIN_HANDLERS.append(("before-send", _answer))
