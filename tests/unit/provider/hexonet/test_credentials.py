"""Credentials: cached, read again after a rotation, never shown."""

from __future__ import annotations

import json
import threading
import traceback
from typing import TYPE_CHECKING, Any, cast

import pytest

from backorder.provider.hexonet.credentials import Credentials, Rereadable, SecretCredentials

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PASSWORD = "pa55-never-shown"


class Secrets:
    """A secret that can be rotated, and counts how often it was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        self.reads += 1
        return {"SecretString": self.text}

    def source(self) -> SecretCredentials:
        return SecretCredentials("arn:secret", cast("SecretsManagerClient", self))


def secret(password: str) -> str:
    return json.dumps({"login": "jane", "password": password})


def test_no_repr_shows_the_password() -> None:
    credentials = Credentials("jane", PASSWORD)
    source = Secrets(secret(PASSWORD)).source()
    source()
    for text in (repr(credentials), str(credentials), f"{credentials}", repr(source), repr([credentials])):
        assert PASSWORD not in text


def test_the_secret_is_read_once() -> None:
    secrets = Secrets(secret(PASSWORD))
    source = secrets.source()
    assert source() == source() == Credentials("jane", PASSWORD)
    assert secrets.reads == 1


def test_a_rotated_secret_is_read_once_for_all_threads() -> None:
    secrets = Secrets(secret("old"))
    source = secrets.source()
    old = source()
    secrets.text = secret("new")
    found: list[Credentials] = []
    threads = [threading.Thread(target=lambda: found.append(source.reread(old))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Credentials("jane", "new")] * 8
    assert secrets.reads == 2
    assert isinstance(source, Rereadable)


@pytest.mark.parametrize(
    "text",
    ["", PASSWORD, f'"{PASSWORD}"', json.dumps({"login": "jane"}), json.dumps({"login": "", "password": PASSWORD})],
)
def test_a_secret_of_another_shape_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"arn:secret: expected JSON") as caught:
        Secrets(text).source()()
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
