"""What is asked for of the pending-delete list: never less than the rules would choose from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.domains import parse_domain
from backorder.provider.hexonet.pending_deletes import parameters
from backorder.provider.port import NameFilter
from backorder.rules import Rules, parse_rules
from fetching.query import wanted_names
from ingestion.reading import Entry
from ingestion.selection import Choice, Selection


def asked(rules: str) -> NameFilter:
    return wanted_names(parse_rules(f"[select]\n{rules}").select)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ("", NameFilter()),
        ('zones = ["com", "co.uk"]', NameFilter(zones=("com", "co.uk"))),
        # Which form of an IDN the provider looks at is not documented.
        ("hyphens = false\nlength = [3, 9]", NameFilter()),
        ("idn = false", NameFilter(idns=False)),
        (
            "idn = false\nhyphens = false\ndigits = false\nlength = [3, 5]",
            NameFilter(idns=False, hyphens=False, digits=False, length=(3, 5)),
        ),
        ('idn = false\ndigits = "only"', NameFilter(idns=False, expression="^[0-9]+$")),
        ('idn = false\nmatch = "^[a-z]{3,5}(shop|app)$"', NameFilter(idns=False, expression="^[a-z]{3,5}(shop|app)$")),
        (
            'idn = false\nkeywords = { begin = ["my"], all = true }',
            NameFilter(idns=False, keywords=("my",), place="begin", all_keywords=True),
        ),
        (
            'idn = false\nkeywords = { any = ["shop"], end = ["app", "hub"] }',
            NameFilter(idns=False, keywords=("shop", "app", "hub"), place="any"),
        ),
        ('idn = false\nkeywords = { any = ["bücher", "shop"] }', NameFilter(idns=False)),
        # What is left out afterwards, and a score of our own, have no filter there.
        ('idn = false\nreject = "casino"', NameFilter(idns=False)),
    ],
)
def test_a_filter_is_asked_for_where_it_means_the_same(rules: str, wanted: NameFilter) -> None:
    assert asked(rules) == wanted


@pytest.mark.parametrize(
    "expression",
    [r"^\\d+$", "(?i)shop", "a+?b", r"\\bshop", "[^-]]", "é", "(?:a|b)"],
)
def test_an_expression_that_other_dialects_may_not_have_is_not_asked_for(expression: str) -> None:
    assert asked(f'idn = false\nmatch = "{expression}"').expression is None


labels = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?", fullmatch=True).filter(lambda text: text[2:4] != "--")
words = st.lists(st.sampled_from(["a", "shop", "1", "ab", "-"]), max_size=2)


@st.composite
def all_rules(draw: st.DrawFn) -> Rules:
    either = st.sampled_from(["true", "false"])
    keywords = [f"{place} = {draw(words)}" for place in ("any", "begin", "end")]
    rules = [
        f"idn = {draw(either)}",
        f"hyphens = {draw(either)}",
        "digits = " + draw(either | st.just('"only"')),
        f"length = [1, {draw(st.integers(1, 25))}]",
        f"keywords = {{ {', '.join(keywords)}, all = {draw(either)} }}",
        f"match = '{draw(st.sampled_from(['', '^[a-z]', 'a|b', 'o[0-9]*$', '^.{2,5}$', '(ab)+']))}'",
        f"zones = {draw(st.sampled_from([[], ['com'], ['net', 'com']]))}",
    ]
    return parse_rules("[select]\n" + "\n".join(rules))


@given(all_rules(), st.lists(st.builds("{}.{}".format, labels, st.sampled_from(["com", "net", "org"])), max_size=20))
def test_what_the_rules_would_choose_is_on_the_list_that_is_asked_for(rules: Rules, names: list[str]) -> None:
    selection = Selection(rules)
    chosen = [name for name in names if isinstance(selection.decide(Entry(1, parse_domain(name))), Choice)]
    assert [name for name in chosen if _is_listed(name, parameters(wanted_names(rules.select)))] == chosen


def _is_listed(name: str, sent: Mapping[str, Any]) -> bool:
    """As the provider's reference says, for a name in ASCII."""
    label, _, zone = name.partition(".")
    fits = {"ANY": str.__contains__, "BEGIN": str.startswith, "END": str.endswith}
    enough = all if sent.get("KEYWORDCATENATION") == "AND" else any
    keywords = sent.get("KEYWORD", [])
    return (
        zone in (sent["ZONE"] or [zone])
        and str(len(label)) in sent.get("LENGTH", [str(len(label))])
        and not ("NOHYPHENS" in sent["FILTER"] and "-" in label)
        and not ("NONUMBERS" in sent["FILTER"] and re.search("[0-9]", label))
        and re.search(sent["REGEXP"] or "", label, re.IGNORECASE) is not None
        and (not keywords or enough(fits[sent["KEYWORDMATCH"]](label, word) for word in keywords))
    )
