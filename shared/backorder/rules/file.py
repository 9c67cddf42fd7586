"""All of `rules.toml`, and how it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from pydantic import Field, ValidationError

from backorder.domain.registries import Times
from backorder.rules.choice import Select, Weights
from backorder.rules.faults import RulesError, told
from backorder.rules.orders import Provider
from backorder.rules.spending import Funding, Limits, ZoneFees
from backorder.rules.values import Section, TimeZone, Zone


class Messages(Section):
    """How the user is told."""

    time_zone: TimeZone = "UTC"
    """The user's (IANA name): moments are told in it, beside UTC."""


class Rules(Section):
    """All of `rules.toml`. `Rules()` is what holds without one; from deletion lists, nothing is chosen then."""

    select: Select = Select()
    score: Weights = Weights()
    limits: Limits = Limits()
    fees: ZoneFees = ZoneFees()
    funding: Funding = Funding()
    messages: Messages = Messages()
    provider: Provider = Provider()
    registries: Mapping[Zone, Times] = Field(default_factory=dict)
    """When zones drop, where the user knows better than `registries.toml`."""


def parse_rules(text: str) -> Rules:
    """Reads a rules file. Raises RulesError, which says line, key, and what to do, for all faults at once."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = str(error).replace("Cannot overwrite a value", "a key is there twice")
        raise RulesError(f"rules.toml is not valid TOML: {why}") from None
    try:
        return Rules.model_validate(table)
    except ValidationError as error:
        raise RulesError(told(error, text, Rules)) from None
