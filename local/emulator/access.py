"""Who may call: logins, sessions, and acting for a subuser."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from .wire import CommandError
from .world import PASSWORDS, SUBUSERS

#: Entity 1234 is the test system. The live one, 54cd, does not know the public test accounts.
TEST_SYSTEM = "1234"


@dataclass(slots=True)
class Session:
    """A session ends after `timeout` without a call, and at `ends_at` whatever happens."""

    user: str
    timeout: timedelta
    expires_at: datetime
    ends_at: datetime


class Gate:
    """Knows the passwords and the open sessions."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._sessions: dict[str, Session] = {}
        self._started = 0
        self._rotated: dict[str, str] = {}

    def user_of(self, credentials: Mapping[str, str], now: datetime) -> str:
        """The user that a call acts for. Raises CommandError: 530 if it does not say who calls, 531 for a stranger."""
        if credentials.get("S_ENTITY", "").lower() != TEST_SYSTEM:
            raise CommandError(530)
        if session_id := credentials.get("S_SESSION", ""):
            user = self._user_of_session(session_id, now)
        else:
            user = credentials.get("S_LOGIN", "")
            if not self.is_password_of(user, credentials.get("S_PW", "")):
                raise CommandError(530)
        acting_for = credentials.get("S_USER", "") or user
        if acting_for != user and acting_for not in SUBUSERS[user]:
            raise CommandError(531)
        return acting_for

    def start(self, user: str, now: datetime, *, timeout: timedelta, lifetime: timedelta) -> str:
        """Opens a session and gives its id."""
        self._started += 1
        key = blake2b(f"{self._seed}/{user}/{self._started}".encode(), digest_size=24).hexdigest()
        self._sessions[key] = Session(user, timeout, now + timeout, now + lifetime)
        return key

    def end(self, session_id: str) -> None:
        """Closes a session. Raises CommandError 545 if there is none."""
        if self._sessions.pop(session_id, None) is None:
            raise CommandError(545)

    def rotate(self, user: str, password: str) -> None:
        """The user chose another password: the former one opens nothing more. Sessions go on."""
        self._rotated[user] = password

    def is_password_of(self, user: str, password: str) -> bool:
        """Whether this login exists and has this password."""
        expected = self._rotated.get(user) or PASSWORDS.get(user)
        return expected is not None and hmac.compare_digest(expected.encode(), password.encode())

    def _user_of_session(self, session_id: str, now: datetime) -> str:
        session = self._sessions.get(session_id)
        if session is None or now > session.expires_at or now > session.ends_at:
            self._sessions.pop(session_id, None)
            raise CommandError(530)
        session.expires_at = now + session.timeout
        return session.user
