"""The rules on zones, lengths and characters as one expression for the rows of a whole block.

Of a deletion list, the rules leave out nearly everything, and most of that by its zone, its length or its characters.
Here these rules become one expression on bytes that runs over many rows at once, and what it leaves in a row tells
which of them left the name out. It speaks of plain labels only, in ASCII; of the others the screen says nothing.
`Selection` decides the same, a name at a time; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable

from backorder.rules import Select

NO_RULES = "no rules"
"""What leaves names out where there is no rules file."""
_LONGEST_LABEL = 63


class Screen:
    """The rules of a `[select]` that a row is left out by without a closer look."""

    def __init__(self, select: Select | None, known: Iterable[str] = ()) -> None:
        """Without rules, everything is left out. `known` are names that are never left out in bulk, whatever the rules
        say."""
        self.known = frozenset(name.encode("ascii") for name in known)
        self._rules = select is not None
        select = select or Select()
        self._zones = frozenset(select.zones)
        self._hyphens = select.hyphens
        shortest, longest = select.length or (1, _LONGEST_LABEL)
        keywords = select.keywords
        self.needles = _needles(keywords.any, keywords.begin, keywords.end, all_needed=keywords.all)
        """Some of them is in each row that has the keywords, a line end before it; None: there are no keywords."""
        self.meets, self.fails = _expressions(select, shortest, longest)
        """A plain label, without groups: `meets` fits one that meets the rules on length and characters, up to the
        zone, and one that is too short or too long, up to the dot. `fails` fits one that fails the rules on
        characters, up to the zone; its one group is the character that is not allowed."""

    def left_out_by(self, mark: bytes, zone: str) -> str | None:
        """The first rule that leaves out a label with `mark` in `zone`, by its key; None if none of these does."""
        if not self._rules:
            return NO_RULES
        if self._zones and zone not in self._zones:
            return "zones"
        if not mark:
            return None
        if mark == b".":
            return "length"
        return "hyphens" if mark == b"-" and not self._hyphens else "digits"


def _expressions(select: Select, shortest: int, longest: int) -> tuple[bytes, bytes]:
    letters = "0-9" if select.digits == "only" else "a-z0-9" if select.digits else "a-z"
    allowed = f"[{letters}{'-' if select.hyphens else ''}]"
    # Checked for hyphens where it may have some: none at an end, and none in both third and fourth place.
    meets = f"{allowed}{{{shortest},{longest}}}+\\."
    if select.hyphens:
        meets = f"(?!..--|-){meets}(?<!-\\.)"
    meets += "(?=[a-z])"
    if longest < _LONGEST_LABEL:
        # The second one does for all; the first is faster.
        long = f"{{{longest + 1},{_LONGEST_LABEL}}}+(?=\\.)"
        meets += f"|[a-z]{long}|(?!..--|-)[a-z0-9-]{long}(?<!-)"
    if shortest > 1:
        meets += f"|(?!..--|-)[a-z0-9-]{{1,{shortest - 1}}}+(?=\\.)(?<!-)"
    # In the order in which the rules are applied.
    fails = [] if select.hyphens else ["[a-z0-9]*+(?=-)"]
    if select.digits == "only":
        fails.append("[0-9]*+(?=[a-z-])")
    elif not select.digits:
        fails.append("[a-z-]*+(?=[0-9])")
    plain = f"(?!..--|-)(?=[a-z0-9-]{{1,{_LONGEST_LABEL}}}+(?<!-)\\.)"
    mark = f"(?:{'|'.join(fails)})([a-z0-9-])[a-z0-9-]*+\\.(?=[a-z])" if fails else "(?!)()"
    return f"(?:{meets})".encode("ascii"), f"{plain}{mark}".encode("ascii")


def _needles(
    anywhere: tuple[str, ...], begin: tuple[str, ...], end: tuple[str, ...], *, all_needed: bool
) -> tuple[bytes, ...] | None:
    words = [*anywhere, *(f"\n{word}" for word in begin), *(f"{word}." for word in end)]
    if not words:
        return None
    if all_needed:
        words = [max(words, key=len)]
    # A keyword beyond ASCII is in no plain label.
    return tuple(word.encode("ascii") for word in words if word.isascii())
