"""What a list comes to by docs/rules.md, written as plainly as it can be: what the quick ways are held to.

It shares no code with the pipeline but the score, which has tests of its own. A row says by itself what it means, and
the rules are the table that a user writes.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from backorder.domain.domains import Domain
from backorder.rules import Weights
from ingestion.scoring import Scorer

Table = Mapping[str, Any]
"""`[select]`, by its keys."""


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    text: str
    label: str
    """Of the name that is meant, as people read it."""
    zone: str
    day: date | None = None
    cells: Mapping[str, str] = field(default_factory=dict)
    """What its list has in its own columns, an empty cell as an empty text."""
    is_entry: bool = True
    """False: a comment or a blank line."""
    is_spoilt: bool = False
    """True: it has a fault beside its name."""

    @property
    def name(self) -> str:
        """In ASCII."""
        label = self.label if self.label.isascii() else f"xn--{self.label.encode('punycode').decode()}"
        return f"{label}.{self.zone}"

    @property
    def is_name(self) -> bool:
        label = self.label
        if self.is_spoilt or label[:1] in ("", "-") or label[-1] == "-" or label[2:4] == "--" or len(self.name) > 253:
            return False
        if label.isascii() and (len(label) > 63 or not re.fullmatch("[a-z0-9-]+", label)):
            return False
        return self.zone in suffixes() and self.name not in suffixes()


@dataclass
class Outcome:
    """What a list comes to."""

    entries: int = 0
    rejected: list[int] = field(default_factory=list)
    """Lines."""
    left_out: Counter[str] = field(default_factory=Counter)
    """By the key of the rule."""
    zones: Counter[str] = field(default_factory=Counter)
    """Of the names."""
    days: set[date] = field(default_factory=set)
    """The first and the last on which a name drops."""
    chosen: list[tuple[int, str]] = field(default_factory=list)
    known: list[tuple[int, str]] = field(default_factory=list)
    """Where names are that have a backorder already."""


def outcome(rows: Iterable[Row], select: Table | None, known: Iterable[str] = (), first_line: int = 1) -> Outcome:
    """Without rules (None), nothing is chosen."""
    done = Outcome()
    days: set[date] = set()
    for line, row in enumerate(rows, first_line):
        if not row.is_entry:
            continue
        done.entries += 1
        if not row.is_name:
            done.rejected.append(line)
            continue
        done.zones[row.zone] += 1
        if row.day:
            days.add(row.day)
        if row.name in known:
            done.known.append((line, row.name))
        why_not = "no rules" if select is None else left_out_by(row, select)
        if why_not:
            done.left_out[why_not] += 1
        else:
            done.chosen.append((line, row.name))
    done.days = {min(days), max(days)} if days else set()
    return done


def left_out_by(row: Row, select: Table) -> str | None:
    """The first rule, in the order of docs/rules.md, that leaves a name out."""
    label = row.label
    if "zones" in select and row.zone not in {zone.lower().lstrip(".") for zone in select["zones"]}:
        return "zones"
    if select.get("idn") is False and not label.isascii():
        return "idn"
    if "length" in select and not select["length"][0] <= len(label) <= select["length"][1]:
        return "length"
    if select.get("hyphens") is False and "-" in label:
        return "hyphens"
    digits = [character for character in label if character.isdecimal()]
    if (select.get("digits") is False and digits) or (select.get("digits") == "only" and len(digits) < len(label)):
        return "digits"
    keywords = select.get("keywords", {})
    has = [word.lower() in label for word in keywords.get("any", [])]
    has += [label[: len(word)] == word.lower() for word in keywords.get("begin", [])]
    has += [label[-len(word) :] == word.lower() for word in keywords.get("end", [])]
    if has and not (all(has) if keywords.get("all") else any(has)):
        return "keywords"
    if "match" in select and not re.search(select["match"], label):
        return "match"
    if "reject" in select and re.search(select["reject"], label):
        return "reject"
    if not all(_meets(row.cells.get(column), condition) for column, condition in select.get("columns", {}).items()):
        return "columns"
    if "min_score" in select and _points(row) < select["min_score"]:
        return "min_score"
    return None


def _meets(cell: str | None, condition: str) -> bool:
    """`condition` is written as `>= 10`. Of a list without the column nothing is asked."""
    if cell is None:
        return True
    comparison, wanted = condition.split(" ")
    if cell == "":
        return comparison == "!="
    number = cell.replace(",", "")
    if re.fullmatch("[0-9.]+", number) and re.fullmatch("[0-9.]+", wanted):
        difference = float(number) - float(wanted)
        return {
            ">=": difference >= 0,
            "<=": difference <= 0,
            ">": difference > 0,
            "<": difference < 0,
            "=": difference == 0,
            "!=": difference != 0,
        }[comparison]
    if comparison == "=":
        return cell.lower() == wanted.lower()
    return comparison == "!=" and cell.lower() != wanted.lower()


_scorer = Scorer(Weights())


def _points(row: Row) -> float:
    return float(_scorer.score(Domain(row.name, row.name.split(".")[0], row.zone)).points)


@cache
def suffixes() -> frozenset[str]:
    """The ICANN section of the public suffix list, but for what it says with `*` and `!`."""
    path = importlib.resources.files("publicsuffixlist") / "public_suffix_list.dat"
    icann = path.read_text("utf-8").split("===END ICANN DOMAINS===")[0]
    return frozenset(line.strip() for line in icann.splitlines() if line.strip() and line[0] not in "/*!")


def toml(select: Table) -> str:
    """The rules file that says this."""
    return "[select]\n" + "\n".join(f"{key} = {_toml(value)}" for key, value in select.items())


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
