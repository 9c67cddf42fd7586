"""QueryDomainPendingDeleteList: what is about to be released, and until when it can be ordered."""

import re
from collections.abc import Callable, Iterator
from itertools import chain

from ..draws import draw, score_of
from ..moments import from_the_wire, on_the_wire
from ..names import label_of, unicode_form, zone_class, zone_of
from ..records import Drop
from ..wire import CommandError
from .call import Call, command
from .listing import expression, ordered, page

_ALTERNATIVES = re.compile(r"\^\(([a-z0-9|-]+)\)\$")
_FILTERS: dict[str, Callable[[str], bool]] = {
    "NOHYPHENS": lambda label: "-" not in label,
    "NONUMBERS": lambda label: not any(character.isdigit() for character in label),
    "NOIDNS": lambda label: not label.startswith("xn--"),
}

Condition = Callable[[Drop], bool]


def query_domain_pending_delete_list(call: Call) -> str:
    """The names whose release is near. There is no filter by domain: by zone, and REGEXP matches the label."""
    options = call.world.options
    conditions = [*_on_label(call), *_on_dates(call), *_on_numbers(call)]
    rows = [drop for drop in _listed(call) if all(condition(drop) for condition in conditions)]
    rows = ordered(
        call,
        rows,
        {
            "NAME": lambda drop: drop.domain,
            "DELETIONDAY": lambda drop: (drop.drop_at.date(), drop.domain),
            "FINALIZATIONDATE": lambda drop: (drop.finalization_at, drop.domain),
            "SCORE": lambda drop: (score_of(options, drop.domain), drop.domain),
            "RANDOM": lambda drop: draw(options.seed, "shuffled", drop.domain),
        },
        "NAME",
    )
    return page(
        call,
        rows,
        {
            "DOMAIN": lambda drop: drop.domain,
            "FINALIZATIONDATE": lambda drop: on_the_wire(drop.finalization_at),
            "SCORE": lambda drop: str(score_of(options, drop.domain)),
            "SUBCLASS": lambda drop: zone_class(zone_of(drop.domain)),
        },
        more={"COLUMN": ["DOMAIN", "FINALIZATIONDATE", "SCORE", "SUBCLASS"]},
    )


def _listed(call: Call) -> Iterator[Drop]:
    listed = call.world.listed
    zones = [zone.lower().lstrip(".") for zone in call.column("ZONE")]
    chosen = [listed.get(zone, {}) for zone in dict.fromkeys(zones)] if zones else list(listed.values())
    return chain.from_iterable(drops.values() for drops in chosen)


def _on_label(call: Call) -> Iterator[Condition]:
    # A long list of labels, `^(john|doe)$`, is looked up rather than tried one by one.
    if plain := _ALTERNATIVES.fullmatch(call.parameters.get("REGEXP", "").lower()):
        labels = frozenset(plain[1].split("|"))
        yield lambda drop: label_of(drop.domain) in labels
    elif wanted := expression(call, "REGEXP", re.IGNORECASE):
        yield lambda drop: wanted.search(label_of(drop.domain)) is not None
    if keywords := [keyword.lower() for keyword in call.column("KEYWORD")]:
        place = call.option("KEYWORDMATCH", frozenset({"BEGIN", "END", "ANY"}), "ANY")
        fits = {"BEGIN": str.startswith, "END": str.endswith, "ANY": str.__contains__}[place]
        # Which of the two the provider takes without KEYWORDCATENATION is not documented: one keyword suffices, here.
        every = call.option("KEYWORDCATENATION", frozenset({"AND", "OR"}), "OR") == "AND"
        enough: Callable[[Iterator[bool]], bool] = all if every else any
        yield lambda drop: enough(fits(label_of(drop.domain), keyword) for keyword in keywords)
    for name in call.column("FILTER"):
        if name.upper() not in _FILTERS:
            raise CommandError(541, "FILTER")
        keeps = _FILTERS[name.upper()]
        yield lambda drop, keeps=keeps: keeps(label_of(drop.domain))  # type: ignore[misc]


def _on_dates(call: Call) -> Iterator[Condition]:
    earliest, latest = call.moment("MINFINALIZATIONDATE"), call.moment("MAXFINALIZATIONDATE", end_of_day=True)
    if earliest is not None:
        yield lambda drop: drop.finalization_at >= earliest
    if latest is not None:
        yield lambda drop: drop.finalization_at <= latest
    if days := _dates(call, "DELETIONDAY"):
        yield lambda drop: drop.drop_at.date().isoformat() in days
    if moments := _dates(call, "FINALIZATIONDATE"):
        # A date alone fits every moment of that day.
        yield (
            lambda drop: (
                not moments.isdisjoint((on_the_wire(drop.finalization_at), drop.finalization_at.date().isoformat()))
            )
        )


def _dates(call: Call, name: str) -> frozenset[str]:
    """As they were sent; 505 for one that is none."""
    texts = call.column(name)
    try:
        for text in texts:
            from_the_wire(text)
    except ValueError:
        raise CommandError(505, name) from None
    return frozenset(texts)


def _on_numbers(call: Call) -> Iterator[Condition]:
    if lengths := _numbers(call, "LENGTH", 1, 20):
        yield lambda drop: len(unicode_form(label_of(drop.domain))) in lengths
    if scores := _numbers(call, "SCORE", 1, 10):
        yield lambda drop: score_of(call.world.options, drop.domain) in scores


def _numbers(call: Call, name: str, least: int, most: int) -> frozenset[int]:
    values = call.column(name)
    if not all(value.isascii() and value.isdecimal() and least <= int(value) <= most for value in values):
        raise CommandError(541, name)
    return frozenset(map(int, values))


COMMANDS = (
    command(
        "QueryDomainPendingDeleteList",
        query_domain_pending_delete_list,
        takes="KEYWORDCATENATION KEYWORDMATCH MINFINALIZATIONDATE MAXFINALIZATIONDATE ORDERBY LIMIT FIRST REGEXP",
        columns="KEYWORD ZONE DELETIONDAY FINALIZATIONDATE LENGTH SCORE FILTER",
    ),
)
