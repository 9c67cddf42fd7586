"""Which names of the provider's pending-delete list are asked for: the rules' filters that mean the same there. Pure.

What is asked for may be more than the rules choose, since they choose from it afterwards, and never less. So a filter
goes along only where it cannot leave out a name that the rules would choose:

- the zones always;
- filters on labels where the rules take no IDNs: which of an IDN's two forms the provider looks at is not documented;
- an expression if it is made of what every dialect of expressions has.
"""

from __future__ import annotations

import re
from typing import Final

from backorder.rules import Select

Query = dict[str, str | list[str]]
"""Parameters of QueryDomainPendingDeleteList, as the provider names them."""

LONGEST_LENGTH: Final = 20
"""The provider filters by lengths up to this; longer names have none that could be asked for."""

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


def query(select: Select) -> Query:
    """What is asked for under these rules."""
    asked: Query = {"ORDERBY": "NAME"}
    if select.zones:
        asked["ZONE"] = list(select.zones)
    if select.idn:
        return asked
    filters = ["NOIDNS"]
    if not select.hyphens:
        filters.append("NOHYPHENS")
    if select.digits is False:
        filters.append("NONUMBERS")
    asked["FILTER"] = filters
    if select.length is not None and select.length[1] <= LONGEST_LENGTH:
        shortest, longest = select.length
        asked["LENGTH"] = [str(length) for length in range(shortest, longest + 1)]
    if (expression := _expression(select)) is not None:
        asked["REGEXP"] = expression
    return {**asked, **_keywords(select)}


def _expression(select: Select) -> str | None:
    """One is all that can be asked for."""
    if select.match is not None and _PLAIN.fullmatch(select.match.text):
        return select.match.text
    return "^[0-9]+$" if select.digits == "only" else None


def _keywords(select: Select) -> Query:
    """Words at different places are asked for anywhere: what has them there has them anywhere."""
    words = select.keywords
    places = {"ANY": words.any, "BEGIN": words.begin, "END": words.end}
    used = [place for place, some in places.items() if some]
    asked = [word for place in used for word in places[place]]
    # A word that is not ASCII is in no name without IDNs, and needs no asking.
    if not asked or not all(word.isascii() for word in asked):
        return {}
    return {
        "KEYWORD": asked,
        "KEYWORDMATCH": used[0] if len(used) == 1 else "ANY",
        "KEYWORDCATENATION": "AND" if words.all else "OR",
    }
