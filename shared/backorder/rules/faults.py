"""What is wrong with a rules file, and where: told to somebody who wants to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError


class RulesError(ValueError):
    """`rules.toml` is broken. The message has a line for each fault: where it is, what is wrong, what to write
    instead."""


MOST_TOLD = 20
LONGEST_TOLD = 300


def in_short(error: RulesError) -> str:
    """The first faults, a line for each, where there may be thousands, and each as long as the file."""
    faults = str(error).splitlines()
    told = [fault if len(fault) <= LONGEST_TOLD else f"{fault[:LONGEST_TOLD]}…" for fault in faults[:MOST_TOLD]]
    more = len(faults) - len(told)
    return "\n".join([*told, f"and {more:,} more faults"] if more else told)


def told(error: ValidationError, text: str, file: type[BaseModel]) -> str:
    """All that `error` found wrong in `text`, a line for each fault, in the file's order; `file` models the file."""
    lines = _lines_of_keys(text)
    faults = [_fault(dict(found), file) for found in error.errors()]
    messages = {fault.told(lines): fault.line(lines) for fault in faults}
    return "\n".join(sorted(messages, key=lambda message: (messages[message], message)))


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
    "mapping_type": "write a section: a table with keys",
    "dict_type": "write a section: a table with keys",
}
_BOUNDS = {
    "greater_than": "write more than {gt}",
    "greater_than_equal": "write {ge} or more",
    "less_than": "write less than {lt}",
    "less_than_equal": "write {le} or less",
    "too_short": "write at least {min_length} of them",
    "too_long": "write at most {max_length} of them",
}
_WITHIN = {("fees", "zones"): ("fees",)}
"""Where the model nests deeper than the file."""


def _fault(found: dict[str, Any], file: type[BaseModel]) -> _Fault:
    path = tuple(str(part) for part in found["loc"] if not isinstance(part, int))
    for inner, outer in _WITHIN.items():
        if path[: len(inner)] == inner:
            path = outer + path[len(inner) :]
    path = tuple(part for part in path if part not in ("[key]", "parameters"))
    if found["type"] == "extra_forbidden":
        return _Fault(
            path, f"is no key of {'.'.join(path[:-1]) or 'the file'}: known are {', '.join(_known(path[:-1], file))}"
        )
    kind = found["type"]
    if kind == "missing" and isinstance(found["loc"][-1], int):
        return _Fault(path, "has too few values")
    instead = _BOUNDS[kind].format_map(found["ctx"]) if kind in _BOUNDS else _INSTEAD.get(kind)
    return _Fault(path, instead or str(found["msg"]).removeprefix("Value error, "))


def _known(path: tuple[str, ...], file: type[BaseModel]) -> list[str]:
    model: Any = file
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
