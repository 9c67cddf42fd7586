"""A command, called: credentials, the cap on parallel calls, and what is repeated.

Repeated here: temporary failures of any command (nothing took effect), and unknown outcomes of commands that only read.
Never repeated here: a command that changes something and whose outcome is unknown.
"""

from __future__ import annotations

import html
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, quote_plus

from backorder.provider.hexonet.adapter import Environment
from backorder.provider.hexonet.codes import ABOUT_THE_ACCOUNT, OVERLOAD_CODES, Call, Where
from backorder.provider.hexonet.concurrency import Concurrency, Slot
from backorder.provider.hexonet.credentials import Credentials, Rereadable
from backorder.provider.hexonet.transport import Failed, Transport
from backorder.provider.hexonet.wire import ParameterValue, Response, encode
from backorder.provider.port import (
    AccessDenied,
    Called,
    NotStarted,
    OutcomeUnknown,
    ProviderError,
    Refused,
    TemporaryFailure,
    unobserved,
)

_log = logging.getLogger(__name__)

CHECKS_LOGIN: Final = "CheckAuthentication"
"""Takes a login and a password as parameters: our own, unless others are given."""

ASKS_FOR_THE_ACCOUNT: Final = "StatusAccount"
_ONLY_READS: Final = ("query", "status", "check", "convert")
_SLOW: Final = 8
"""How many times as long a 425 waits: the account is locked for a while."""
_MAX_DESCRIPTION: Final = 500


@dataclass(frozen=True, kw_only=True, repr=False)
class Caller:
    """Calls commands for one account of one environment. Thread-safe.

    `refusal` is asked before each attempt, with the seconds that it may take, and says why it must not start, or None.
    `heard` hears of each failure before the attempt's place goes to another call: what `refusal` says after it holds
    for that one.
    """

    transport: Transport
    environment: Environment
    credentials: Callable[[], Credentials]
    concurrency: Concurrency
    retries: int
    back_off: float
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.SystemRandom().uniform
    refusal: Callable[[float], str | None] = lambda _seconds: None
    heard: Callable[[ProviderError], None] = lambda _error: None
    observe: Callable[[Called], None] = unobserved
    """Told of each call, in the thread that made it."""

    @property
    def worst_case_seconds(self) -> float:
        return self.transport.connect_timeout + self.transport.read_timeout

    def within(self, refusal: Callable[[float], str | None], heard: Callable[[ProviderError], None]) -> Caller:
        return replace(self, refusal=refusal, heard=heard)

    def call(self, command: str, parameters: Mapping[str, ParameterValue]) -> Response:
        """The answer to a command, if its code is 2xx. Raises the tree in errors.py, ValueError from `encode`."""
        fields = encode(command, parameters)
        repeats_unknown = command.lower().startswith(_ONLY_READS)
        for attempt in range(self.retries + 1):
            outcome = self._attempt(fields, attempt)
            if isinstance(outcome, Response):
                return outcome
            may_repeat = isinstance(outcome, TemporaryFailure) or (
                repeats_unknown and isinstance(outcome, OutcomeUnknown)
            )
            if not may_repeat or isinstance(outcome, NotStarted) or attempt == self.retries:
                raise outcome
            pause = self._pause(outcome, attempt)
            if self.refusal(pause + self.worst_case_seconds) is not None:
                raise outcome
            self.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def shown(self, text: str) -> str:
        """A text of the provider's as a message may show it: on one line, bounded, without the password."""
        return _shown(text, [self.credentials().password])

    def _attempt(self, fields: Mapping[str, str], attempt: int) -> Response | ProviderError:
        """One attempt, and a second one at once if the secret was rotated. Returns what went wrong, never raises it:
        the frames below hold the password, and an exception that passed them would carry them along."""
        self.transport.check_verification()
        credentials = self.credentials()
        with self.concurrency.slot() as slot:
            # Asked here and not before the wait for the slot, which has no bound.
            reason = self.refusal(self.worst_case_seconds)
            if reason is not None:
                return self._about(fields, credentials).error(NotStarted, reason)
            outcome = self._send(fields, attempt, credentials, slot)
            if isinstance(outcome, AccessDenied) and outcome.code == 530:
                newer = self._newer(credentials)
                if newer is not None and self.refusal(self.worst_case_seconds) is None:
                    credentials = newer
                    outcome = self._send(fields, attempt, newer, slot)
            if isinstance(outcome, AccessDenied) and fields["COMMAND"] not in ABOUT_THE_ACCOUNT:
                outcome = self._judged(outcome, self._about(fields, credentials), attempt, credentials, slot)
            if isinstance(outcome, ProviderError):
                self.heard(outcome)
        return outcome

    def _judged(
        self, denied: AccessDenied, call: Call, attempt: int, credentials: Credentials, slot: Slot
    ) -> ProviderError:
        """A refused login, or an object that is not ours: the same login asks for its account at once.

        530 and 531 are listed for most commands; about one object they say nothing of the account.
        """
        if self.refusal(self.worst_case_seconds) is not None:
            return call.error(TemporaryFailure, denied.description, denied.code)
        account = self._send(encode(ASKS_FOR_THE_ACCOUNT, {}), attempt, credentials, slot)
        # Without an answer it stays the object's: to be looked at again, and not to be repeated at once.
        return denied if isinstance(account, AccessDenied) else call.error(Refused, denied.description, denied.code)

    def _newer(self, used: Credentials) -> Credentials | None:
        if not isinstance(self.credentials, Rereadable):
            return None
        newer = self.credentials.reread(used)
        return newer if newer != used else None

    def _send(
        self, fields: Mapping[str, str], attempt: int, credentials: Credentials, slot: Slot
    ) -> Response | ProviderError:
        about = self._about(fields, credentials)
        started = time.perf_counter()
        answer = self.transport.post({**self._login(fields["COMMAND"], credentials), **fields})
        milliseconds = round((time.perf_counter() - started) * 1000)
        if isinstance(answer, Failed):
            cap = slot.answered(overloaded=True if answer.overloaded else None)
        else:
            cap = slot.answered(overloaded=answer.code in OVERLOAD_CODES)
        outcome = _outcome(answer, about, [credentials.password])
        succeeded = isinstance(outcome, Response)
        self.observe(Called(about.command, outcome.code, succeeded, milliseconds, cap))
        _log.debug(
            "provider_call command=%s subject=%s outcome=%s code=%s attempt=%d ms=%d",
            about.command,
            about.subject or "-",
            "Answered" if succeeded else type(outcome).__name__,
            outcome.code if outcome.code is not None else "-",
            attempt + 1,
            milliseconds,
        )
        return outcome

    def _about(self, fields: Mapping[str, str], credentials: Credentials) -> Call:
        where = Where(self.environment.name, self.environment.entity, self.transport.endpoint, credentials.login)
        return Call(fields["COMMAND"], _subject(fields), where)

    def _login(self, command: str, credentials: Credentials) -> dict[str, str]:
        login = {"s_entity": self.environment.entity, "s_login": credentials.login, "s_pw": credentials.password}
        if command == CHECKS_LOGIN:
            # Here and no higher: the frames above are those that an exception carries along.
            return {**login, "SUBUSER": credentials.login, "PASSWORD": credentials.password}
        return login

    def _pause(self, failure: ProviderError, attempt: int) -> float:
        longest = self.back_off * (_SLOW if failure.code == 425 else 1) * 2**attempt
        return self.jitter(longest / 2, longest)


def _outcome(answer: Response | Failed, call: Call, secrets: list[str]) -> Response | ProviderError:
    if isinstance(answer, Failed):
        return call.error(answer.kind, _shown(answer.description, secrets))
    if answer.succeeded:
        return answer
    return call.answered(answer.code, _shown(answer.description, secrets))


def _subject(fields: Mapping[str, str]) -> str:
    """The domain or application that a command is about, for messages."""
    for name in ("DOMAIN", "APPLICATION", "DOMAIN0", "CONTACT"):
        if name in fields:
            return f"{fields[name]} …" if name == "DOMAIN0" and "DOMAIN1" in fields else fields[name]
    return ""


def _shown(text: str, secrets: list[str]) -> str:
    """`text` on one line, bounded, and without the secrets: a server may echo what it was sent."""
    for secret in secrets:
        for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret)):
            text = re.sub(re.escape(form), "***", text, flags=re.IGNORECASE)
    return " ".join(text.split())[:_MAX_DESCRIPTION]
