"""The user's one file, `rules.toml`: what it may say, and what is wrong with it where it is wrong.

It is validated when it is uploaded. Functions use the last good version, which is kept in the table; a broken one
changes nothing. Amounts are gross, in the account's currency, written as strings or whole numbers: a TOML float is
not exact.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    field_validator,
    model_validator,
)

from backorder.clock import iso
from backorder.conditions import Condition
from backorder.domains import NotADomain, parse_zone
from backorder.expressions import BadExpression, Expression
from backorder.model import Backorder, Origin, State
from backorder.registries import Times

if TYPE_CHECKING:
    from backorder.store import Store

_DOCUMENT = "rules"
_BROKEN = "rules_broken"
_OURS = {"COMMAND", "CLASS", "DOMAIN", "NEW", "S_ENTITY", "S_LOGIN", "S_PW", "S_USER", "S_OPMODE", "X-BACKORDER-LITE"}
"""Parameters that the pipeline sends itself, and that no rule may set."""


class RulesError(ValueError):
    """`rules.toml` is broken. The message has a line for each fault: where it is, what is wrong, what to write
    instead."""


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


def _by_zone(table: object) -> object:
    """`co.uk = 1` is a table within a table to TOML, and a zone to people."""
    return dict(_flat(table)) if isinstance(table, Mapping) else table


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
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
Score = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=10)]
Weight = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=1000)]
Count = Annotated[StrictInt, Field(ge=0)]
Handle = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$")]
"""A contact's handle at the provider, or a name server."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Keywords(_Section):
    """Words that a label contains, begins or ends with. One suffices, or `all` of them are needed."""

    any: tuple[StrictStr, ...] = ()
    begin: tuple[StrictStr, ...] = ()
    end: tuple[StrictStr, ...] = ()
    all: StrictBool = False

    @field_validator("any", "begin", "end")
    @classmethod
    def _words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in words):
            raise ValueError("an empty keyword is in every name: leave it out")
        return tuple(word.strip().lower() for word in words)


class Select(_Section):
    """Which names of a deletion list are ordered. Labels are looked at as people read them (`bücher`, not `xn--…`)."""

    zones: tuple[Zone, ...] = ()
    """None: every zone."""
    length: tuple[StrictInt, StrictInt] | None = None
    """Of the label, in characters: at least, at most."""
    digits: Annotated[bool | Literal["only"], BeforeValidator(_digits)] = True
    """True: may have; False: must not; "only": nothing else."""
    hyphens: StrictBool = True
    idn: StrictBool = True
    keywords: Keywords = Keywords()
    match: Pattern = None
    """Found anywhere in the label, unless it is anchored."""
    reject: Pattern = None
    columns: Mapping[str, Annotated[Condition, BeforeValidator(_condition)]] = Field(default_factory=dict)
    """By the name of a column of the list's own. Of an entry without a value there, nothing is asked."""
    min_score: Score | None = None

    @field_validator("length")
    @classmethod
    def _in_order(cls, length: tuple[int, int] | None) -> tuple[int, int] | None:
        if length is not None and not 1 <= length[0] <= length[1] <= 63:
            raise ValueError("write the shortest and the longest length, from 1 to 63, such as [3, 12]")
        return length


class Weights(_Section):
    """What a name's score is made of, in shares: only how they compare to each other matters (docs/rules.md)."""

    length: Weight = Decimal(3)
    pronounceable: Weight = Decimal(2)
    words: Weight = Decimal(3)
    zone: Annotated[Mapping[Zone, Weight], BeforeValidator(_by_zone)] = Field(
        default_factory=lambda: {"com": Decimal(2), "net": Decimal(1), "org": Decimal(1)}
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.total:
            raise ValueError("with all weights at zero there is no score: give one of them more")
        return self

    @property
    def total(self) -> Decimal:
        """What a perfect name has, in the best zone."""
        return self.length + self.pronounceable + self.words + max(self.zone.values(), default=Decimal(0))


class Limits(_Section):
    """Bounds by drop day, best first. None: no bound. Amounts gross, in the account's currency."""

    per_day: Count | None = None
    per_zone: Annotated[Mapping[Zone, Count], BeforeValidator(_by_zone)] = Field(default_factory=dict)
    spend_per_day: Amount | None = None
    spend_per_month: Amount | None = None


class ZoneFees(_Section):
    """What an order is expected to cost until the provider's own fees are known: gross, in the account's currency."""

    default: Amount = Decimal("69.00")
    zones: Mapping[Zone, Amount] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _zones_beside_default(cls, table: object) -> object:
        """In the file, zones stand beside `default`."""
        if not isinstance(table, Mapping):
            return table
        flat = dict(_flat(table))
        default = {"default": flat.pop("default")} if "default" in flat else {}
        return {**default, "zones": flat}

    def of(self, zone: str) -> Decimal:
        """The fee of an order in `zone`."""
        return self.zones.get(zone, self.default)


class Funding(_Section):
    """How the account's money is used (docs/money.md)."""

    keep: Amount = Decimal(0)
    """Never drawn on."""
    use_credit: StrictBool = False
    reuse_refunds: StrictBool = True
    take_back: StrictBool = True
    late_minutes: Annotated[StrictInt, Field(ge=20, le=1440)] = 90
    """How long before its deadline a late order is sent."""


class Messages(_Section):
    """How the user is told."""

    time_zone: Annotated[StrictStr, BeforeValidator(_time_zone)] = "UTC"
    """The user's (IANA name): moments are told in it, beside UTC."""


class OrderSettings(_Section):
    """What an order carries beside its name, as the user's account has it. Each is optional at the provider."""

    owner_contacts: Annotated[tuple[Handle, ...], Field(max_length=5)] = ()
    """Contacts that exist in the account (AddDomainApplication: OWNERCONTACT0 to 4, of the others 0 to 2)."""
    admin_contacts: Annotated[tuple[Handle, ...], Field(max_length=3)] = ()
    tech_contacts: Annotated[tuple[Handle, ...], Field(max_length=3)] = ()
    billing_contacts: Annotated[tuple[Handle, ...], Field(max_length=3)] = ()
    name_servers: Annotated[tuple[Handle, ...], Field(max_length=13)] = ()
    period: Annotated[StrictInt, Field(ge=1, le=10)] | None = None
    """Years to register for."""


_MENDABLE = frozenset({State.REQUESTED, State.ACTIVE})
"""From PROCESSING on, the provider changes nothing."""
_NUMBERED = {
    "owner_contacts": "OWNERCONTACT",
    "admin_contacts": "ADMINCONTACT",
    "tech_contacts": "TECHCONTACT",
    "billing_contacts": "BILLINGCONTACT",
    "name_servers": "NAMESERVER",
}
"""What the settings that are lists are called at the provider, with a number behind it."""


class ZoneOrders(OrderSettings):
    """How orders in one zone are placed. What is set here replaces what `[provider]` says for all zones."""

    lite: StrictBool = False
    """A cheaper order that loses to regular ones."""
    parameters: Mapping[str, StrictStr] = Field(default_factory=dict)
    """What the zone's registry needs to know, as the provider names it."""

    @model_validator(mode="before")
    @classmethod
    def _parameters_beside_lite(cls, table: object) -> object:
        if not isinstance(table, Mapping):
            return table
        settings = {key: value for key, value in table.items() if key in cls.model_fields and key != "parameters"}
        parameters = {key: value for key, value in table.items() if key not in settings}
        for key, value in parameters.items():
            if isinstance(value, Mapping):
                raise ValueError('put a zone with a dot in quotes: [provider.zones."co.uk"]')
            if not re.fullmatch(r"[A-Za-z0-9-]+", key) or key.upper() in _OURS:
                raise ValueError(f"'{key}' is no parameter that a rule may set")
            if isinstance(value, str) and not value.isprintable():
                raise ValueError(f"the value of '{key}' has a line break or another control character in it")
        return {**settings, "parameters": parameters}


class Provider(OrderSettings):
    """What the provider is told besides the name: in all zones, and in single ones."""

    zones: Mapping[Zone, ZoneOrders] = Field(default_factory=dict)

    def extra(self, zone: str) -> dict[str, str]:
        """What an order in `zone` carries beside class and domain, by the provider's names."""
        orders = self.zones.get(zone, ZoneOrders())
        said = {name: getattr(orders if name in orders.model_fields_set else self, name) for name in _NUMBERED}
        found = {f"{_NUMBERED[name]}{number}": value for name in said for number, value in enumerate(said[name])}
        period = orders.period if "period" in orders.model_fields_set else self.period
        if period is not None:
            found["PERIOD"] = str(period)
        found |= {key.upper(): value for key, value in orders.parameters.items()}
        return {**found, "X-BACKORDER-LITE": "1"} if orders.lite else found

    def repair(self, backorder: Backorder) -> dict[str, str]:
        """What a live application of ours lacks, as the rules say it now; nothing where that was sent already."""
        if backorder.origin is not Origin.OURS or backorder.state not in _MENDABLE:
            return {}
        carried = self.extra(backorder.zone)
        lacks = (name.upper() for name in backorder.incomplete)
        values = {name: carried[name] for name in lacks if name in carried}
        return {} if values == dict(backorder.repaired_with) else values


class Rules(_Section):
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
        raise RulesError(f"rules.toml is not valid TOML: {error}") from None
    try:
        return Rules.model_validate(table)
    except ValidationError as error:
        lines = _lines_of_keys(text)
        faults = [_fault(dict(found)) for found in error.errors()]
        told = {fault.told(lines): fault.line(lines) for fault in faults}
        raise RulesError("\n".join(sorted(told, key=lambda text: (told[text], text)))) from None


@dataclass(frozen=True, slots=True)
class KeptRules:
    """The last good version of the rules, and where it came from."""

    rules: Rules
    version: str
    """Of the object."""
    broken: str | None = None
    """What is wrong with a newer version that was uploaded and is not used."""


def kept_rules(store: Store) -> KeptRules | None:
    """The last good version; None if no good one was ever uploaded.

    Raises RulesError where it was good once, and this version of the code no longer takes it: to guess what it meant
    could order what the user left out, or spend what the user did not allow.
    """
    kept = store.document(_DOCUMENT)
    if kept is None:
        return None
    broken = store.document(_BROKEN)
    return KeptRules(_parsed(kept["text"]), kept["version"], broken["message"] if broken else None)


def last_good_rules(store: Store) -> Rules:
    """The last good version, or the defaults if there is none. Raises RulesError as `kept_rules` does."""
    kept = kept_rules(store)
    return kept.rules if kept else Rules()


def keep_rules(store: Store, text: str, *, version: str, modified: datetime) -> Rules | None:
    """Validates an uploaded rules file and keeps it; None if a newer one was seen already.

    Raises RulesError if it is broken: then the last good version stays.
    """
    for name in (_DOCUMENT, _BROKEN):
        seen = store.document(name)
        if seen is not None and datetime.fromisoformat(seen["modified"]) > modified:
            return None
    about = {"version": version, "modified": iso(modified)}
    try:
        rules = parse_rules(text)
    except RulesError as error:
        store.put_document(_BROKEN, {"message": str(error), **about})
        raise
    store.put_document(_DOCUMENT, {"text": text, **about})
    store.delete_document(_BROKEN)
    return rules


@lru_cache(maxsize=2)
def _parsed(text: str) -> Rules:
    return parse_rules(text)


@dataclass(frozen=True, slots=True)
class _Fault:
    path: tuple[str, ...]
    what: str

    def line(self, lines: Mapping[tuple[str, ...], int]) -> int:
        """Of the key, or of the table that it is in; 0 if neither is in the file."""
        path = self.path
        while path and path not in lines:
            path = path[:-1]
        return lines[path] if path else 0

    def told(self, lines: Mapping[tuple[str, ...], int]) -> str:
        line = self.line(lines)
        where = f", line {line}" if line else ""
        return f"rules.toml{where}: {'.'.join(self.path) or 'the file'}: {self.what}"


_INSTEAD = {
    "missing": "is missing: write it",
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "string_type": "write a text in quotes",
    "tuple_type": "write a list in square brackets",
    "string_pattern_mismatch": "write it as the provider has it: letters, digits, dots and hyphens",
    "model_type": "write a section: a table with keys",
    "model_attributes_type": "write a section: a table with keys",
}
_WITHIN = {("fees", "zones"): ("fees",)}
"""Where the model nests deeper than the file."""


def _fault(found: dict[str, Any]) -> _Fault:
    path = tuple(str(part) for part in found["loc"] if not isinstance(part, int))
    for inner, outer in _WITHIN.items():
        if path[: len(inner)] == inner:
            path = outer + path[len(inner) :]
    path = tuple(part for part in path if part not in ("[key]", "parameters"))
    if found["type"] == "extra_forbidden":
        return _Fault(
            path, f"is no key of {'.'.join(path[:-1]) or 'the file'}: known are {', '.join(_known(path[:-1]))}"
        )
    instead = _INSTEAD.get(found["type"])
    return _Fault(path, instead or str(found["msg"]).removeprefix("Value error, "))


def _known(path: tuple[str, ...]) -> list[str]:
    model: Any = Rules
    for part in path:
        by_zone = get_origin(model) is Mapping
        model = get_args(model)[1] if by_zone else model.model_fields[part].annotation
    return sorted(model.model_fields)


_KEY = r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_header = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEYS})[ \t]*\]").match
_setting = re.compile(rf"[ \t]*({_KEYS})[ \t]*=").match


def _lines_of_keys(text: str) -> dict[tuple[str, ...], int]:
    """The line of each table and key. Only for messages: what looks like a key inside a long string does no harm."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _header(line):
            table = found = _parts(header[1])
        elif setting := _setting(line):
            found = table + _parts(setting[1])
        else:
            continue
        for length in range(1, len(found) + 1):
            lines.setdefault(found[:length], number)
    return lines


def _parts(keys: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, keys))


__all__ = [
    "Funding",
    "KeptRules",
    "Keywords",
    "Limits",
    "Messages",
    "OrderSettings",
    "Provider",
    "Rules",
    "RulesError",
    "Select",
    "Weights",
    "ZoneFees",
    "ZoneOrders",
    "keep_rules",
    "kept_rules",
    "last_good_rules",
    "parse_rules",
]
