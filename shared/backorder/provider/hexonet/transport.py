"""One request to the provider's endpoint, and the one question that matters if it fails: could it have been sent?

One keep-alive session for all threads. Neither requests nor urllib3 repeats anything or follows a redirect: what to
repeat is decided where the meaning of a command is known.
"""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from backorder import __version__
from backorder.provider.hexonet.wire import NotAnAnswer, Response, parse
from backorder.provider.port import OutcomeUnknown, ProviderError, TemporaryFailure
from backorder.runtime.settings import Stage

USER_AGENT: Final = f"backorder-pipeline/{__version__}"

IDLE_SECONDS: Final = 60.0
"""Connections unused for longer are not used again. Gateways forget idle ones silently (a NAT gateway of AWS after 350
seconds), and an order sent into such a connection has an unknown outcome."""

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Failed:
    """No answer. `kind` says whether the request could have been sent; `overloaded` that fewer calls were asked for."""

    kind: type[ProviderError]
    description: str
    overloaded: bool = False


class Transport:
    """Posts forms to one endpoint. Thread-safe.

    Times in seconds: `connect_timeout` for each address tried, `read_timeout` from the request to the end of the answer
    (a server that stays silent between two parts of it can stretch that once).

    Raises ValueError for an endpoint that could show the credentials: anything but https, except http to loopback on
    the test system; user info or a query in the URL; verification switched off for the live system.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        stage: Stage,
        pool_size: int,
        connect_timeout: float,
        read_timeout: float,
        session: requests.Session | None = None,
    ) -> None:
        check_endpoint(endpoint, stage)
        self.endpoint = endpoint
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self._stage = stage
        self._session = session or _session(endpoint, pool_size)
        self.check_verification()
        self._lock = threading.Lock()
        self._running = 0
        self._last_used = time.monotonic()

    def post(self, fields: Mapping[str, str]) -> Response | Failed:
        """Sends a form and reads the answer.

        Returns failures instead of raising them, so that no traceback leads into a frame that holds the credentials.
        """
        self._begin()
        try:
            return self._post(fields)
        finally:
            self._end()

    def close(self) -> None:
        """Closes the connections. The next call opens new ones."""
        self._session.close()

    def _post(self, fields: Mapping[str, str]) -> Response | Failed:
        started = time.monotonic()
        try:
            with self._session.post(
                self.endpoint,
                data=fields,
                timeout=(self.connect_timeout, self.read_timeout),
                allow_redirects=False,
                stream=True,
            ) as answer:
                if answer.status_code != 200:
                    return _http_failure(answer)
                body = self._body(answer, started)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return _failure(error)
        if isinstance(body, Failed):
            return body
        try:
            return replace(parse(body), dated_at=_date(answer))
        except NotAnAnswer as error:
            return Failed(OutcomeUnknown, f"the body {error}")

    def _body(self, answer: requests.Response, started: float) -> bytes | Failed:
        # read1 returns what has arrived: a server that sends a byte a second cannot hold a call for ever.
        announced = answer.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
            return Failed(OutcomeUnknown, f"the answer is larger than {MAX_BODY_BYTES} bytes")
        parts: list[bytes] = []
        size = 0
        while part := answer.raw.read1(_CHUNK_BYTES, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY_BYTES:
                return Failed(OutcomeUnknown, f"the answer is larger than {MAX_BODY_BYTES} bytes")
            if time.monotonic() - started > self.connect_timeout + self.read_timeout:
                return Failed(OutcomeUnknown, f"the answer was not whole after {self.read_timeout:g} s")
        return b"".join(parts)

    def check_verification(self) -> None:
        """Raises ValueError if TLS verification was switched off for the live system, by whoever holds the session."""
        if self._stage == "live" and not self._session.verify:
            raise ValueError("TLS verification is off for the live system: leave session.verify as it is")

    def _begin(self) -> None:
        with self._lock:
            if self._running == 0 and time.monotonic() - self._last_used > IDLE_SECONDS:
                self._session.close()
            self._running += 1

    def _end(self) -> None:
        with self._lock:
            self._running -= 1
            self._last_used = time.monotonic()


def check_endpoint(endpoint: str, stage: Stage) -> None:
    """Raises ValueError, without showing user info or query, if credentials posted to `endpoint` could be seen."""
    url = urlsplit(endpoint)
    shown = f"{url.scheme}://{url.hostname}{url.path}"
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError(f"endpoint {shown}: expected https://host/path")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError(f"endpoint {shown}: credentials and parameters travel in the body, never in the URL")
    if url.scheme == "http" and stage == "live":
        raise ValueError(f"endpoint {shown}: the live system is reached over https only")
    if url.scheme == "http" and not _is_loopback(url.hostname):
        raise ValueError(f"endpoint {shown}: http is accepted for this machine only; use https")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _session(endpoint: str, pool_size: int) -> requests.Session:
    session = requests.Session()
    # The environment could name a .netrc, other certificates, or a proxy that would read a form sent over http.
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "text/plain", "Accept-Encoding": "gzip, deflate"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=pool_size, max_retries=0, pool_block=True)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    if endpoint.startswith("https:"):
        # Through a CONNECT tunnel a proxy sees the host's name and nothing else.
        session.proxies.update(
            {scheme: url for scheme, url in get_environ_proxies(endpoint).items() if scheme != "http"}
        )
    return session


def _date(answer: requests.Response) -> datetime | None:
    """None where the header is missing, or is no date."""
    try:
        dated = parsedate_to_datetime(answer.headers.get("Date", ""))
        return dated.astimezone(UTC) if dated.tzinfo is not None else dated.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _http_failure(answer: requests.Response) -> Failed:
    status = answer.status_code
    if status == 429:
        return Failed(TemporaryFailure, "HTTP 429, too many requests", overloaded=True)
    # The provider always says 200. Whoever said something else may have passed the request on before.
    return Failed(OutcomeUnknown, f"HTTP {status} from something in between", overloaded=status == 503)


def _failure(error: Exception) -> Failed:
    reason = _reason(error)
    description = f"{type(reason).__name__}: {reason}"
    if _never_connected(reason):
        return Failed(TemporaryFailure, f"no connection was made ({description})")
    return Failed(OutcomeUnknown, f"no whole answer ({description})")


def _reason(error: BaseException) -> BaseException:
    """What urllib3 saw, out of the wrappings of requests (ConnectionError → MaxRetryError → reason)."""
    if isinstance(error, requests.RequestException) and error.args and isinstance(error.args[0], Exception):
        return _reason(error.args[0])
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        return _reason(error.reason)
    if isinstance(error, urllib3.exceptions.ProxyError) and isinstance(error.original_error, Exception):
        return _reason(error.original_error)
    return error


def _never_connected(reason: BaseException) -> bool:
    # NameResolutionError is a NewConnectionError. A failed handshake may be anything, a refused certificate may not:
    # it is refused before the request.
    if isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)):
        return True
    return (
        isinstance(reason, urllib3.exceptions.SSLError)
        and bool(reason.args)
        and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    )
