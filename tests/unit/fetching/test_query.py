"""What is asked for of the pending-delete list: never less than the rules would choose from it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.domains import parse_domain
from backorder.rules import Rules, parse_rules
from fetching.query import query
from ingestion.reading import Entry
from ingestion.selection import Choice, Selection


def asked(rules: str) -> dict[str, Any]:
    return query(parse_rules(f"[select]\n{rules}").select)


@pytest.mark.parametrize(
    ("rules", "parameters"),
    [
        ("", {}),
        ('zones = ["com", "co.uk"]', {"ZONE": ["com", "co.uk"]}),
        # Which form of an IDN the provider looks at is not documented.
        ("hyphens = false\nlength = [3, 9]", {}),
        ("idn = false", {"FILTER": ["NOIDNS"]}),
        (
            "idn = false\nhyphens = false\ndigits = false\nlength = [3, 5]",
            {"FILTER": ["NOIDNS", "NOHYPHENS", "NONUMBERS"], "LENGTH": ["3", "4", "5"]},
        ),
        # There is no length beyond 20 that could be asked for.
        ("idn = false\nlength = [3, 21]", {"FILTER": ["NOIDNS"]}),
        ('idn = false\ndigits = "only"', {"FILTER": ["NOIDNS"], "REGEXP": "^[0-9]+$"}),
        ('idn = false\nmatch = "^[a-z]{3,5}(shop|app)$"', {"FILTER": ["NOIDNS"], "REGEXP": "^[a-z]{3,5}(shop|app)$"}),
        (
            'idn = false\nkeywords = { begin = ["my"], all = true }',
            {"FILTER": ["NOIDNS"], "KEYWORD": ["my"], "KEYWORDMATCH": "BEGIN", "KEYWORDCATENATION": "AND"},
        ),
        (
            'idn = false\nkeywords = { any = ["shop"], end = ["app", "hub"] }',
            {"FILTER": ["NOIDNS"], "KEYWORD": ["shop", "app", "hub"], "KEYWORDMATCH": "ANY", "KEYWORDCATENATION": "OR"},
        ),
        ('idn = false\nkeywords = { any = ["bücher", "shop"] }', {"FILTER": ["NOIDNS"]}),
        # What is left out afterwards, and a score of our own, have no filter there.
        ('idn = false\nreject = "casino"', {"FILTER": ["NOIDNS"]}),
    ],
)
def test_a_filter_is_asked_for_where_it_means_the_same(rules: str, parameters: dict[str, Any]) -> None:
    assert asked(rules) == {"ORDERBY": "NAME", **parameters}


@pytest.mark.parametrize(
    "expression",
    [r"^\\d+$", "(?i)shop", "a+?b", r"\\bshop", "[^-]]", "é", "(?:a|b)"],
)
def test_an_expression_that_other_dialects_may_not_have_is_not_asked_for(expression: str) -> None:
    assert "REGEXP" not in asked(f'idn = false\nmatch = "{expression}"')


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
    assert [name for name in chosen if _is_listed(name, query(rules.select))] == chosen


def _is_listed(name: str, parameters: dict[str, Any]) -> bool:
    """As the provider's reference says, for a name in ASCII."""
    label, _, zone = name.partition(".")
    filters = parameters.get("FILTER", [])
    fits = {"ANY": str.__contains__, "BEGIN": str.startswith, "END": str.endswith}
    enough = all if parameters.get("KEYWORDCATENATION") == "AND" else any
    keywords = parameters.get("KEYWORD", [])
    return (
        zone in parameters.get("ZONE", [zone])
        and str(len(label)) in parameters.get("LENGTH", [str(len(label))])
        and not ("NOHYPHENS" in filters and "-" in label)
        and not ("NONUMBERS" in filters and re.search("[0-9]", label))
        and re.search(parameters.get("REGEXP", ""), label, re.IGNORECASE) is not None
        and (not keywords or enough(fits[parameters["KEYWORDMATCH"]](label, word) for word in keywords))
    )
