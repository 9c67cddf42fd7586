"""Login and password: where they come from, and how they stay out of sight."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True)
class Credentials:
    """A login and its password. No repr, str or format shows the password."""

    login: str
    password: str = field(repr=False)


@runtime_checkable
class Rereadable(Protocol):
    """A source of credentials that may have newer ones: after a 530 it is asked once."""

    def reread(self, refused: Credentials) -> Credentials:
        """The credentials that replaced `refused`, or `refused` again if nothing did."""
        ...


class SecretCredentials:
    """Credentials in a Secrets Manager secret, JSON: `{"login": "…", "password": "…"}`. Read at first use, then kept.

    Raises ValueError if the secret does not have that shape (without showing it); botocore's errors pass through.
    """

    def __init__(self, secret_arn: str, client: SecretsManagerClient) -> None:
        self._secret_arn = secret_arn
        self._client = client
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None

    def __call__(self) -> Credentials:
        with self._lock:
            return self._credentials or self._read()

    def reread(self, refused: Credentials) -> Credentials:
        """Reads the secret again if `refused` is what it held, for it may have been rotated.

        All threads meet the 530 at the same time: the first one reads, the others get what it found.
        """
        with self._lock:
            if self._credentials is not None and self._credentials != refused:
                return self._credentials
            return self._read()

    def _read(self) -> Credentials:
        text = self._client.get_secret_value(SecretId=self._secret_arn).get("SecretString", "")
        credentials = credentials_in(text)
        if credentials is None:
            raise ValueError(
                f"secret {self._secret_arn}: expected JSON with the texts 'login' and 'password', each not empty"
            )
        self._credentials = credentials
        return credentials


def credentials_in(text: str) -> Credentials | None:
    """The credentials in a secret's text, JSON: `{"login": "…", "password": "…"}`; None if it has another shape."""
    # Returns instead of raising: a JSONDecodeError carries the whole document, and it would hang on to our own error.
    try:
        document = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    login, password = document.get("login"), document.get("password")
    if not (isinstance(login, str) and login and isinstance(password, str) and password):
        return None
    return Credentials(login=login, password=password)
