"""Where the settings that are checked come from: a stack, or files on this machine."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from backorder.documents.account_outlook import standing
from backorder.provider.hexonet.adapter import DEFAULT_ENDPOINT
from backorder.provider.hexonet.client import HexonetClient
from backorder.rules import Rules, RulesError, RulesOutdated, last_good_rules, parse_rules
from backorder.runtime.clock import system_clock
from backorder.runtime.settings import Stage
from ops.doctor import deployment
from ops.doctor import provider as at_provider
from ops.doctor.checks import Check, Diagnosis, fault, looked, ok, warning
from ops.doctor.provider import Caller
from ops.faults import Fault
from ops.secret import read_login
from ops.stacks import Stack, where

MOST_ZONES = 100


def of_stack(stack: Stack) -> Diagnosis:
    """Checks a stack: what is deployed, and its account at the provider."""
    return Diagnosis(where(stack), stack.stage, tuple(_of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Check]:
    yield from deployment.examine(stack)
    yield from looked("login", lambda: _account(stack))


def _account(stack: Stack) -> Iterator[Check]:
    try:
        credentials = stack.credentials()
    except ValueError as error:
        yield fault("login", str(error), "put your login in: python -m ops secret --stack NAME")
        return
    try:
        provider = stack.provider(credentials)
    except ValueError as error:
        yield fault("endpoint", str(error), "deploy with an Endpoint that is reached over https")
        return
    try:
        rules = last_good_rules(stack.store)
    except RulesOutdated:
        rules = Rules()  # that they are not understood is told where the deployment is looked at
    open_zones = {backorder.zone for backorder in stack.store.open_backorders()}
    caller = Caller(stack.source_address, changes=not stack.is_local and stack.source_address is None)
    yield from at_provider.examine(
        provider,
        credentials,
        rules=rules,
        zones=zones_of(rules, open_zones),
        caller=caller,
        clock=stack.clock,
        excludes_deposits=standing(stack.store).excludes_deposits,
    )


def of_files(login: Path, rules: Path | None, *, stage: Stage, endpoint: str | None) -> Diagnosis:
    """Checks a login and rules before anything is deployed. `login`: a file as the secret's, or `-` to be asked."""
    checks: list[Check] = []
    credentials = read_login(login)
    if str(login) != "-" and login.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        checks.append(warning("login file", "others on this machine can read it", f"chmod 600 {login}"))
    settings = Rules()
    if rules is not None:
        settings = _rules(rules, checks)
    try:
        provider = HexonetClient(
            stage=stage, endpoint=endpoint or DEFAULT_ENDPOINT, credentials=lambda: credentials, pool_size=1
        )
    except ValueError as error:
        raise Fault(str(error)) from None
    checks.extend(
        at_provider.examine(
            provider, credentials, rules=settings, zones=zones_of(settings), caller=Caller(), clock=system_clock
        )
    )
    return Diagnosis("settings on this machine", stage, tuple(checks))


def zones_of(rules: Rules, more: set[str] | frozenset[str] = frozenset()) -> Sequence[str]:
    """The zones that the rules speak of, and `more`."""
    return sorted({*rules.select.zones, *rules.fees.zones, *rules.provider.zones, *more})[:MOST_ZONES]


def _rules(file: Path, checks: list[Check]) -> Rules:
    try:
        found = parse_rules(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror})") from None
    except (RulesError, UnicodeDecodeError) as error:
        checks.append(fault("rules", str(error), "mend it: nothing would be changed by uploading it so"))
        return Rules()
    checks.append(ok("rules", f"{file} is valid"))
    return found
