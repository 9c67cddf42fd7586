"""The provider's wire format: what goes into the form, and what comes back as text. Pure.

Described in provider-api.md, "The wire".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

ParameterValue = str | int | Sequence[str] | None
_K = TypeVar("_K", str, int)


class NotAnAnswer(ValueError):
    """These bytes are no whole answer, or a value in them is none of its kind: treat the call as unanswered."""


def shape(text: str, most: int = 40) -> str:
    """What a text looks like, for messages about one that makes no sense: letters as `a`, digits as `9`.

    Never the text itself, which may be what a server echoes of our form, and the password is in that.
    """
    return repr("".join("a" if each.isalpha() else "9" if each.isdigit() else each for each in text[:most]))


MAX_INDEX: Final = 9_999_999
"""The longest documented list has 535,933 entries. An index beyond this is garbage, not an entry."""

_PROPERTY: Final = re.compile(r"PROPERTY[ \t]*\[([^\]]*)\][ \t]*(?:\[[ \t]*([0-9]{1,7})[ \t]*\])?", re.IGNORECASE)
_CODE: Final = re.compile(r"[0-9]{3}")
_PARAMETER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_HEAD: Final = ("CODE", "DESCRIPTION", "QUEUETIME", "RUNTIME")
_BLANKS: Final = " \t\r"


def _name(text: str) -> str:
    """Property names compare without case and without blanks."""
    return "".join(text.split()).upper()


@dataclass(frozen=True)
class Response:
    """A whole answer. Entries keep the index that the provider gave them, so a missing one never shifts a column."""

    code: int
    description: str
    properties: Mapping[str, Mapping[int, str]] = field(default_factory=dict, repr=False)
    """name (upper case, no blanks) → index → value. Not in the repr: answers carry authorization codes."""
    dated_at: datetime | None = field(default=None, compare=False)
    """When it was given, by the provider's clock, to the second: the HTTP header `Date`."""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.code < 300

    def column(self, name: str) -> list[str]:
        """All entries of a property by index, "" where the provider left one out; [] if there is no such property."""
        entries = self.properties.get(_name(name), {})
        return [entries.get(index, "") for index in range(max(entries) + 1)] if entries else []

    def first(self, name: str) -> str:
        """Entry 0 of a property, "" if there is none."""
        return self.properties.get(_name(name), {}).get(0, "")

    def rows(self, *names: str) -> Iterator[Row]:
        """The entries of several properties, side by side, in order of index.

        A row is there if at least one of `names` has an entry at its index.
        """
        columns = {name: self.properties.get(_name(name), {}) for name in names}
        for index in sorted(set().union(*columns.values())):
            yield Row(index, {name: column.get(index, "") for name, column in columns.items()})


@dataclass(frozen=True)
class Row:
    """One entry of a list answer: `row["DOMAIN"]` is "" where the provider left that property out of this entry."""

    index: int
    values: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values[name]


def parse(body: bytes) -> Response:
    """Reads an answer, in one pass over its lines.

    Lines end in CRLF or LF; blanks and tabs around `=` and after values do not count; a value may hold `=`; properties
    come in any order. Lines of another shape inside the answer are skipped (a value broken over lines, such as a
    trademark file, is none that we read).

    Raises `NotAnAnswer` for anything that does not begin with `[RESPONSE]`, has no code, does not end with `EOF`
    (it was cut off), or gives two values for the same thing.
    """
    # Only "\n" ends a line: `splitlines` would also break values at characters such as U+0085.
    lines = body.decode("utf-8", errors="replace").removeprefix("\ufeff").strip().split("\n")
    if lines[0].strip(_BLANKS).upper() != "[RESPONSE]":
        raise NotAnAnswer("does not begin with [RESPONSE]" if body.strip() else "is empty")
    if lines[-1].strip(_BLANKS).upper() != "EOF":
        raise NotAnAnswer("does not end with EOF: it was cut off")

    head: dict[str, str] = {}
    properties: dict[str, dict[int, str]] = {}
    for line in lines[1:-1]:
        key, equals, value = line.partition("=")
        if not equals:
            continue
        key, value = key.strip(_BLANKS), value.strip(_BLANKS)
        if key[:8].upper() != "PROPERTY":
            _put(head, _name(key), value)
            continue
        matched = _PROPERTY.fullmatch(key)
        if matched is None:
            raise NotAnAnswer(f"has a property without a readable name and index: {shape(key)}")
        _put(properties.setdefault(_name(matched[1]), {}), int(matched[2] or 0), value)

    code = head.get("CODE", "")
    if _CODE.fullmatch(code) is None:
        raise NotAnAnswer(f"has no code (CODE={shape(code)})")
    return Response(code=int(code), description=head.get("DESCRIPTION", ""), properties=properties)


def _put(values: dict[_K, str], key: _K, value: str) -> None:
    if values.setdefault(key, value) != value:
        raise NotAnAnswer(f"gives two values for {key if key in _HEAD else shape(str(key))}")


def encode(command: str, parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """The form fields of a command: plain fields, as in the quickstart. Sequences are numbered from 0, None left out.

    Raises ValueError for a name that is no parameter's (so none can pass for `s_entity`, `s_login` or another of the
    wire's own fields), for one given twice, and for a value that holds a line break or NUL: in the provider's other way
    to send a command a line break would begin another parameter.
    """
    fields = {"COMMAND": _checked("COMMAND", command)}
    for name, value in parameters.items():
        if value is None:
            continue
        if _PARAMETER_NAME.fullmatch(name) is None:
            raise ValueError(f"{command}: {name!r} is not a parameter's name")
        if isinstance(value, (str, int)):
            entries = [(name.upper(), str(int(value)) if isinstance(value, int) else value)]
        else:
            entries = [(f"{name.upper()}{number}", entry) for number, entry in enumerate(value)]
        for key, text in entries:
            if key in fields:
                raise ValueError(f"{command}: {key} is given twice")
            fields[key] = _checked(key, text)
    return fields


def _checked(name: str, value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise ValueError(f"the value of {name} holds a line break or NUL")
    return value
