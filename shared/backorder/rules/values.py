"""What single values in `rules.toml` may be, and what is said to somebody who wrote something else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from backorder.domain.domains import NotADomain, parse_zone
from backorder.rules.conditions import Condition
from backorder.rules.expressions import BadExpression, Expression


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError('is no amount: write it as a string, such as "59.00"')
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError(f'{value!r} is no amount: write it as "59.00"') from None
    if not amount.is_finite() or amount < 0 or amount.normalize().as_tuple().exponent < -4:  # type: ignore[operator]
        raise ValueError(f'{value!r} is no amount: write zero or more, such as "59.00"')
    return amount


def _zone(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is no zone: write it as a string, such as "com"')
    try:
        return parse_zone(value)
    except NotADomain as fault:
        raise ValueError(f"'{value}' {fault.reason}") from None


def _expression(value: object) -> Expression | None:
    if value is None or isinstance(value, Expression):
        return value
    if not isinstance(value, str):
        raise ValueError("is no regular expression: write it as a string")
    try:
        return Expression(value)
    except BadExpression as error:
        raise ValueError(f"is no regular expression: {error}") from None


def _condition(value: object) -> Condition:
    if isinstance(value, Condition):
        return value
    if not isinstance(value, str):
        raise ValueError('is no condition: write it as a string, such as ">= 10"')
    return Condition.parse(value)


def _number(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("write a number")
    return Decimal(str(value))


def by_zone(table: object) -> object:
    """A table with zones for keys. `co.uk = 1` is a table within a table to TOML, and a zone to people."""
    return dict(flat(table)) if isinstance(table, Mapping) else table


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a table and of the tables in it, with keys joined by dots."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _digits(value: object) -> object:
    if value not in (True, False, "only") or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        raise ValueError('write true, false or "only"')
    return value


def _time_zone(value: object) -> object:
    try:
        ZoneInfo(value)  # type: ignore[arg-type]
    except (LookupError, OSError, TypeError, ValueError):
        raise ValueError(f'{value!r} is no time zone: write its name, such as "Europe/Berlin"') from None
    return value


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Zone = Annotated[str, BeforeValidator(_zone)]
Pattern = Annotated[Expression | None, BeforeValidator(_expression)]
ListColumn = Annotated[Condition, BeforeValidator(_condition)]
Digits = Annotated[bool | Literal["only"], BeforeValidator(_digits)]
TimeZone = Annotated[StrictStr, BeforeValidator(_time_zone)]
Score = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=10)]
Weight = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=1000)]
Count = Annotated[StrictInt, Field(ge=0)]
Handle = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$")]
"""A contact's handle at the provider, or a name server."""


class Section(BaseModel):
    """A table of the file. A key that it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
