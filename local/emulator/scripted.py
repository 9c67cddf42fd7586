"""Scripted answers: what a test puts in the place of the emulator's own answers.

An entry is for one command, and for one domain or application where it names one. With `code` or `http` it is the whole
answer; else it replaces cells in the rows about its object, whatever was asked.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .names import ascii_form
from .wire import DESCRIPTIONS, Delivery, Request, lines

_CELL = re.compile(r"PROPERTY\[([^\]]+)\]\[([0-9]+)\]=(.*)")

_NAMING = frozenset({"DOMAIN", "APPLICATION", "DESCRIPTION", "ACCOUNTINGDESCRIPTION", "OBJECTID"})

Columns = dict[str, dict[int, str]]
"""An answer's properties: by name, then by row."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """One entry of a script."""

    command: str
    domain: str | None = None
    application: str | None = None
    code: int | None = None
    description: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    http: int | None = None
    #: The command takes effect, and is answered so all the same.
    after: bool = False
    #: How often it is given; None: always.
    times: int | None = None

    @property
    def is_whole(self) -> bool:
        """It is an answer; otherwise it changes cells of the emulator's own."""
        return self.code is not None or self.http is not None

    @property
    def names_an_object(self) -> bool:
        return self.domain is not None or self.application is not None


def read_script(given: Any) -> tuple[Scripted, ...]:
    """The entries of a JSON list. Raises ValueError that says which of them cannot be used, and why."""
    if not isinstance(given, list):
        raise ValueError("answers are a JSON list of objects")
    return tuple(_read(number, entry) for number, entry in enumerate(given, 1))


def read_script_text(text: str) -> tuple[Scripted, ...]:
    """The same, of a file's text."""
    try:
        given = json.loads(text)
    except ValueError as cause:
        raise ValueError(f"answers are no JSON: {cause}") from None
    return read_script(given)


def _read(number: int, entry: Any) -> Scripted:
    def unusable(why: str) -> ValueError:
        return ValueError(f"answer {number}: {why}")

    known = [each.name for each in fields(Scripted)]
    if not isinstance(entry, dict):
        raise unusable("is no JSON object")
    if unknown := sorted(entry.keys() - set(known)):
        raise unusable(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    given = {name: value for name, value in entry.items() if value is not None}
    for name, (is_right, what) in _KINDS.items():
        if name in given and not is_right(given[name]):
            raise unusable(f"{name} is {what}")
    if "command" not in given:
        raise unusable("command is missing")
    scripted = Scripted(**given)
    if not scripted.is_whole and not scripted.properties:
        raise unusable("has neither code nor http nor properties: it would change nothing")
    if scripted.code is not None and scripted.http is not None:
        raise unusable("has a code and an http status: an answer has one of them")
    if scripted.http is not None and scripted.properties:
        raise unusable("has an http status and properties: its body is the description")
    kind = (_are_columns, "lists of texts") if scripted.is_whole else (_are_cells, "texts, or null")
    if not kind[0](scripted.properties):
        raise unusable(f"properties are {kind[1]}, by name")
    return scripted


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_columns(properties: Mapping[str, Any]) -> bool:
    return all(
        isinstance(cells, list) and all(isinstance(cell, str) for cell in cells) for cells in properties.values()
    )


def _are_cells(properties: Mapping[str, Any]) -> bool:
    return all(cell is None or isinstance(cell, str) for cell in properties.values())


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "command": (_is_text, "the name of a command"),
    "domain": (_is_text, "a domain name"),
    "application": (_is_text, "an application's id, as a text"),
    "code": (lambda value: _is_number(value) and 0 <= value <= 9999, "a number"),
    "description": (lambda value: isinstance(value, str), "a text"),
    "properties": (lambda value: isinstance(value, dict), "an object"),
    "http": (lambda value: _is_number(value) and 200 <= value <= 599, "a status from 200 to 599"),
    "after": (lambda value: isinstance(value, bool), "true or false"),
    "times": (lambda value: _is_number(value) and value >= 0, "a number, or null for always"),
}


class Script:
    """The entries of a run, and how often each was given. One call at a time: the emulator sees to that."""

    def __init__(self, entries: Sequence[Scripted] = ()) -> None:
        self.entries = tuple(entries)
        self.given = [0] * len(self.entries)

    @property
    def played(self) -> int:
        """How many answers were scripted, in whole or in part."""
        return sum(self.given)

    def view(self) -> list[dict[str, Any]]:
        """What each entry is about, and how often it was given."""
        return [
            {"command": entry.command, "domain": entry.domain, "application": entry.application, "given": given}
            for entry, given in zip(self.entries, self.given, strict=True)
        ]

    def whole(self, request: Request, domains: Iterable[str]) -> Scripted | None:
        """The scripted answer to a call, if the first entry that fits is a whole one. `domains`: the names that it is
        about, with that of an application which it names."""
        asked = {_form(domain) for domain in domains}
        for number, entry in self._of(request.command):
            if not _is_about(entry, request, asked):
                continue
            if entry.is_whole:
                self.given[number] += 1
                return entry
            if entry.names_an_object:
                return None  # the cells of its rows are what comes first
        return None

    def touched(self, request: Request, answer: str) -> str:
        """The emulator's own answer, with the cells that entries replace: of each row, the first that is about it."""
        entries = [(number, entry) for number, entry in self._of(request.command) if not entry.is_whole]
        if not entries:
            return answer
        columns = _columns(answer)
        asked = _asked(request)
        rows = sorted({0, *(row for column in columns.values() for row in column)})
        changes: dict[int, tuple[int, Scripted]] = {}
        for row in rows:
            for number, entry in entries:
                if _row_is_about(entry, columns, row, asked):
                    changes[row] = (number, entry)
                    break
        for row, (_, entry) in changes.items():
            for name, cell in entry.properties.items():
                column = columns.setdefault(name.upper(), {})
                column.pop(row, None)
                if cell is not None:
                    column[row] = cell
        for number in {number for number, _ in changes.values()}:
            self.given[number] += 1
        return _with_columns(answer, columns) if changes else answer

    def _of(self, command: str) -> Iterable[tuple[int, Scripted]]:
        for number, entry in enumerate(self.entries):
            if entry.command.lower() == command and (entry.times is None or self.given[number] < entry.times):
                yield number, entry


def delivered(entry: Scripted) -> Delivery:
    """What the client sees of a whole scripted answer."""
    if entry.http is not None:
        return Delivery((entry.description or "").encode(), status=entry.http, content_type="text/html", fault="answer")
    code = entry.code or 0
    words = DESCRIPTIONS.get(code, "") if entry.description is None else entry.description
    columns = {name.upper(): dict(enumerate(cells)) for name, cells in entry.properties.items()}
    return Delivery(lines(code, words, columns).encode(), fault="answer")


def _is_about(entry: Scripted, request: Request, asked: set[str]) -> bool:
    """Whether a call names the entry's domain and its application, as far as it has them."""
    values = set(request.parameters.values())
    named = entry.domain is None or _form(entry.domain) in asked | {_form(value) for value in values}
    return named and (entry.application is None or entry.application in values)


def _asked(request: Request) -> dict[int, str]:
    """The domain that a row answers by its number: `DOMAIN`, or `DOMAIN0`, `DOMAIN1`, …; likewise an application."""
    asked: dict[int, str] = {}
    for name, value in request.parameters.items():
        for column in ("DOMAIN", "APPLICATION"):
            index = name.removeprefix(column)
            if name.startswith(column) and (index == "" or index.isdecimal()):
                asked[int(index or 0)] = _form(value)
    return asked


def _row_is_about(entry: Scripted, columns: Columns, row: int, asked: Mapping[int, str]) -> bool:
    cells = {name: column[row] for name, column in columns.items() if row in column}
    if not cells:
        return False
    # Rows that name something are about that; those that do not answer what was asked under their number.
    words = {_form(word) for cell in cells.values() for word in re.split(r"[\s,;]+", cell)}
    named = {asked[row]} if row in asked and not cells.keys() & _NAMING else set()
    if entry.domain is not None and _form(entry.domain) not in words | named:
        return False
    return entry.application is None or entry.application in {cells.get("APPLICATION"), *named}


def _form(name: str) -> str:
    try:
        return ascii_form(name)
    except ValueError:
        return name


def _columns(answer: str) -> Columns:
    columns: Columns = {}
    for line in answer.splitlines():
        if cell := _CELL.fullmatch(line):
            columns.setdefault(cell[1], {})[int(cell[2])] = cell[3]
    return columns


def _with_columns(answer: str, columns: Columns) -> str:
    head = dict(line.partition("=")[::2] for line in answer.splitlines() if line.startswith(("CODE=", "DESCRIPTION=")))
    return lines(int(head["CODE"]), head["DESCRIPTION"], columns)
