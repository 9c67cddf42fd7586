"""`secret`: login and password on their way from a person to the stack's secret, and seen by nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from backorder.provider.hexonet.credentials import Credentials, credentials_in
from backorder.provider.port import AccessDenied, ProviderError
from ops.faults import Fault
from ops.screen import plain
from ops.stacks import Stack, where


@dataclass(frozen=True)
class Changed:
    """What was changed. Holds no password."""

    of: str
    login: str
    tried: bool


def read_login(file: Path) -> Credentials:
    """From a file of the secret's form, or, for `-`, from whoever sits there. Raises Fault, showing nothing of it."""
    if str(file) == "-":
        return Credentials(click.prompt("Login", err=True), click.prompt("Password", hide_input=True, err=True))
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Fault(f"{file}: is not UTF-8") from None
    credentials = credentials_in(text)
    if credentials is None:
        raise Fault(f'{file}: it has to hold {{"login": "…", "password": "…"}}, as the secret does')
    return credentials


def put(stack: Stack, credentials: Credentials, *, tried: bool) -> Changed:
    """Tries them at the provider (a command that only reads) and puts them into the secret. Raises Fault if refused."""
    if tried:
        try:
            stack.provider(credentials).check_authentication()
        except AccessDenied as error:
            raise Fault(
                f"the provider does not take them ({error.code} {error.description}), and the secret stays as it was. "
                f"Are they of its {stack.stage} system, and may this machine call (if not: --unchecked)?"
            ) from None
        except ProviderError as error:
            raise Fault(f"they could not be tried, and the secret stays as it was: {error}") from None
    stack.secrets.put_secret_value(
        SecretId=stack.output("ProviderSecretArn"),
        SecretString=json.dumps({"login": credentials.login, "password": credentials.password}),
    )
    return Changed(where(stack), credentials.login, tried)


def render(changed: Changed, console: Console) -> None:
    """Says what was changed."""
    how = "The provider takes it" if changed.tried else "It was not tried"
    console.print(plain(f"The secret of {changed.of} holds {changed.login} now. {how}; `doctor` checks the rest."))
