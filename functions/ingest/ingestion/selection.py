"""Which names of a deletion list are ordered, and why: the rules' `[select]` and `[score]` for one entry. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from math import ceil
from typing import NamedTuple

from backorder.domain.domains import Domain
from backorder.domain.numbers import readings
from backorder.rules import Keywords, Rules
from backorder.rules.conditions import Condition, Unclear
from ingestion.reading.entries import Entry, Reject, column_name, reject
from ingestion.scoring import Score, Scorer


class Choice(NamedTuple):
    """A name that the rules choose. A tuple, as there are many."""

    score: Score
    # The first of the rules' keywords that it has, if they name some.
    keyword: str | None

    def __str__(self) -> str:
        """`keyword *shop*, score 7.4: short 2.6, …`"""
        keyword = f"keyword *{self.keyword}*, " if self.keyword else ""
        return f"{keyword}score {self.score}"


class Selection:
    """The rules, ready to be asked about millions of names."""

    def __init__(self, rules: Rules) -> None:
        select = self._select = rules.select
        self._zones = frozenset(select.zones)
        self._shortest, self._longest = select.length or (1, 63)
        self._wants_keywords = bool(select.keywords.any or select.keywords.begin or select.keywords.end)
        self._columns = [(column_name(name), condition) for name, condition in select.columns.items()]
        self._unseen = {column_name(name): name for name in select.columns}
        self._cells: Counter[str] = Counter()
        """Of columns that are compared with a number: how many cells there were, empty ones aside."""
        self._numbers: Counter[str] = Counter()
        """How many of them were numbers."""
        self._hyphens, self._digits = select.hyphens, select.digits
        self._has_patterns = select.match is not None or select.reject is not None
        self._scorer = Scorer(rules.score)
        self._least = ceil(select.min_score * 10) if select.min_score is not None else 0
        """Tenths of a point."""

    @property
    def remarks(self) -> list[str]:
        """What is wrong with the columns that the rules ask for, in sentences."""
        unseen = [
            f"No entry was asked about [select.columns] {name}: the list has no such column, or every name was left "
            "out before."
            for name in self._unseen.values()
        ]
        no_numbers = [
            f"{name}: {self._cells[key]:,} of {self._cells[key]:,} cells are no numbers, so [select.columns] chose "
            "none of their names."
            for name in self._select.columns
            if self._cells[key := column_name(name)] and not self._numbers[key]
        ]
        return unseen + no_numbers

    def decide(self, entry: Entry, chosen: Container[str] = ()) -> Choice | str | Reject | None:
        """Return why `entry` is chosen, or the first rule that leaves it out, by its key in the file.

        A reject where the list says in two ways what a rule asks for. None where it is chosen and its name is in
        `chosen`: what was chosen before is not scored again.
        """
        select, domain = self._select, entry.domain
        left_out_by = self._left_out_by_name(domain)
        if left_out_by is not None:
            return left_out_by
        if self._columns:
            try:
                if not self._meets_columns(entry):
                    return "columns"
            except Unclear as unclear:
                reason = f"column {unclear}: write it without marks of thousands"
                return reject(entry.line, domain.name, reason, "has a number that can be read in two ways")
        if domain.name in chosen:
            return None
        score = self._scorer.at_least(domain, self._least)
        if score is None:
            return "min_score"
        return Choice(score, _keyword(domain.unicode_label, select.keywords) if self._wants_keywords else None)

    def _left_out_by_name(self, domain: Domain) -> str | None:
        select = self._select
        if self._zones and domain.zone not in self._zones:
            return "zones"
        label, idn = domain.label, domain.label[:4] == "xn--"
        if idn:
            if not select.idn:
                return "idn"
            label = domain.unicode_label
        if not self._shortest <= len(label) <= self._longest:
            return "length"
        if not self._hyphens and "-" in label:
            return "hyphens"
        if self._digits is not True and not label.isalpha() and not _digits_allow(self._digits == "only", label):
            return "digits"
        if self._digits == "only" and not label.isdecimal():
            return "digits"
        if self._wants_keywords and not _has_keywords(label, select.keywords):
            return "keywords"
        if not self._has_patterns:
            return None
        if select.match is not None and not select.match.is_in(label):
            return "match"
        if select.reject is not None and select.reject.is_in(label):
            return "reject"
        return None

    def _meets_columns(self, entry: Entry) -> bool:
        """A column that the list does not have is not asked for; an empty cell meets no condition but `!=`."""
        for name in self._unseen.keys() & entry.columns.keys():
            del self._unseen[name]
        return all(
            self._is_met(name, condition, cell)
            for name, condition in self._columns
            if (cell := entry.columns.get(name)) is not None
        )

    def _is_met(self, name: str, condition: Condition, cell: str) -> bool:
        if cell and condition.is_of_a_number:
            self._cells[name] += 1
            self._numbers[name] += bool(readings(cell))
        try:
            return condition.is_met_by(cell)
        except Unclear as unclear:
            raise Unclear(f"{name}: {unclear}") from None


def _digits_allow(only: bool, label: str) -> bool:
    return label.isdecimal() if only else not any(map(str.isdecimal, label))


def _has_keywords(label: str, keywords: Keywords) -> bool:
    met = [
        *(word in label for word in keywords.any),
        *(label.startswith(word) for word in keywords.begin),
        *(label.endswith(word) for word in keywords.end),
    ]
    return all(met) if keywords.all else any(met)


def _keyword(label: str, keywords: Keywords) -> str:
    return next(
        word
        for words, meets in (
            (keywords.any, str.__contains__),
            (keywords.begin, str.startswith),
            (keywords.end, str.endswith),
        )
        for word in words
        if meets(label, word)
    )
