"""Which names of the provider's pending-delete list are asked for: the rules' filters that mean the same there. Pure.

What is asked for may be more than the rules choose, since they choose from it afterwards, and never less. So a filter
goes along only where it cannot leave out a name that the rules would choose:

- the zones always;
- filters on labels where the rules take no IDNs: which of an IDN's two forms the provider looks at is not documented;
- an expression if it is made of what every dialect of expressions has.
"""

from __future__ import annotations

import re
from dataclasses import replace

from backorder.provider.port import KeywordPlace, NameFilter
from backorder.rules import Select

_PLAIN = re.compile(
    r"""(?: [a-z0-9.|^$-]            # what stands for itself, any character, or, the ends
          | \[\^?[a-z0-9-]+\]        # one of some
          | \((?!\?)                 # a group, without extensions
          | \)
          | (?<=[\w.\])])[*+?](?![*+?])
          | (?<=[\w.\])])\{\d{1,2}(?:,\d{0,2})?\}(?![*+?{])
        )+""",
    re.VERBOSE | re.ASCII,
)


def wanted_names(select: Select) -> NameFilter:
    """Return what is asked for under these rules."""
    if select.idn:
        return NameFilter(zones=select.zones)
    wanted = NameFilter(
        zones=select.zones,
        idns=False,
        hyphens=select.hyphens,
        digits=select.digits is not False,
        length=select.length,
        expression=_expression(select),
    )
    return _with_keywords(wanted, select)


def _expression(select: Select) -> str | None:
    """Return the one expression that can be asked for."""
    if select.match is not None and _PLAIN.fullmatch(select.match.text):
        return select.match.text
    return "^[0-9]+$" if select.digits == "only" else None


def _with_keywords(wanted: NameFilter, select: Select) -> NameFilter:
    """Words at different places are asked for anywhere: what has them there has them anywhere."""
    words = select.keywords
    by_place: dict[KeywordPlace, tuple[str, ...]] = {"any": words.any, "begin": words.begin, "end": words.end}
    places = [place for place, keywords in by_place.items() if keywords]
    keywords = tuple(word for place in places for word in by_place[place])
    # A word that is not ASCII is in no name without IDNs, and needs no asking.
    if not keywords or not all(word.isascii() for word in keywords):
        return wanted
    place = places[0] if len(places) == 1 else "any"
    return replace(wanted, keywords=keywords, place=place, all_keywords=words.all)
