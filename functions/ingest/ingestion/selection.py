"""Which names of a deletion list are ordered: the rules' `[select]`, applied to a name. Pure."""

from __future__ import annotations

from backorder.domains import Domain
from backorder.rules import Keywords, Select


class Selection:
    """`[select]`, ready to be asked about millions of names."""

    def __init__(self, select: Select) -> None:
        self._select = select
        self._zones = frozenset(select.zones)
        self._shortest, self._longest = select.length or (1, 63)
        self._wants_keywords = bool(select.keywords.any or select.keywords.begin or select.keywords.end)

    def why_not(self, domain: Domain) -> str | None:
        """The first rule that leaves `domain` out, by its key in the file; None if it is chosen."""
        select = self._select
        if self._zones and domain.zone not in self._zones:
            return "zones"
        idn = domain.label.startswith("xn--")
        if idn and not select.idn:
            return "idn"
        label = domain.unicode_label if idn else domain.label
        if not self._shortest <= len(label) <= self._longest:
            return "length"
        if not select.hyphens and "-" in label:
            return "hyphens"
        if select.digits is not True and not _digits_allow(select.digits == "only", label):
            return "digits"
        if self._wants_keywords and not _has_keywords(label, select.keywords):
            return "keywords"
        if select.match is not None and select.match.search(label) is None:
            return "match"
        if select.reject is not None and select.reject.search(label) is not None:
            return "reject"
        return None


def _digits_allow(only: bool, label: str) -> bool:
    return all(map(str.isdecimal, label)) if only else not any(map(str.isdecimal, label))


def _has_keywords(label: str, keywords: Keywords) -> bool:
    met = [
        *(word in label for word in keywords.any),
        *(label.startswith(word) for word in keywords.begin),
        *(label.endswith(word) for word in keywords.end),
    ]
    return all(met) if keywords.all else any(met)
