"""Blocks of plain rows: read at once, they give what they give line by line."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import date
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.rules import Rules, parse_rules
from ingestion.reading import Entry, LeftOut, Reject, read_lists
from ingestion.reading.prefilter import NO_RULES, Screen
from ingestion.selection import Selection


@dataclass
class Counted:
    """All that is told of a list."""

    entries: int = 0
    rejects: list[Reject] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    days: list[date] = field(default_factory=list)
    chosen: list[Entry] = field(default_factory=list)
    named: list[Entry] = field(default_factory=list)
    """Whose names are known."""
    in_bulk: int = 0


def counted(content: bytes, rules: Rules | None, *, at_once: bool, known: Set[str] = frozenset()) -> Counted:
    done = Counted()
    selection = Selection(rules) if rules else None
    screen = Screen(rules.select if rules else None, known) if at_once else None
    for read in read_lists(io.BytesIO(content), screen=screen):
        for item in read.items:
            if isinstance(item, LeftOut):
                done.entries += item.count
                done.in_bulk += item.count
                done.left_out.update(item.by)
                done.zones.update(item.zones)
                done.days.extend(item.days or ())
                continue
            done.entries += 1
            if isinstance(item, Reject):
                done.rejects.append(item)
                continue
            done.zones[item.domain.zone] += 1
            done.days.extend([item.day] if item.day else [])
            done.named.extend([item] if item.domain.name in known else [])
            decided = selection.decide(item) if selection else NO_RULES
            if isinstance(decided, str):
                done.left_out[decided] += 1
            else:
                done.chosen.append(item)
    done.days = [min(done.days), max(done.days)] if done.days else []
    done.left_out, done.zones = +done.left_out, +done.zones
    return done


@pytest.fixture(autouse=True)
def _small_blocks() -> Iterator[None]:
    with (
        patch("ingestion.reading._SAMPLE", 3),
        patch("ingestion.reading.lines._FIRST_BLOCK", 60),
        patch("ingestion.reading.containers.CHUNK", 150),
        patch("ingestion.reading.lines.LARGE", 400),
        patch("ingestion.reading.prefilter.blocks._MOST_MEANINGS", 20),
    ):
        yield


DESIGN = """
zones = ["com", "net", "org"]
length = [3, 12]
digits = false
hyphens = false
idn = false
keywords = { any = ["shop"], begin = [], end = ["app", "hub"], all = false }
match = "^[a-z]+$"
reject = "casino|xxx"
"""


def select(text: str) -> Rules:
    return parse_rules(f"[select]\n{text}")


PIECES = ["shop", "app", "hub", "casino", "a", "zz", "7", "2026", "-", "--", "ß", "é", "www.", "xn--", "_", "my"]
labels = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join) | st.from_regex(
    r"[a-z0-9-]{1,14}", fullmatch=True
)
ZONES = [
    "com",
    "net",
    "org",
    "co.uk",
    "uk",
    "pl",
    "com.pl",
    "shop",
    "app",
    "ck",
    "us",
    "zzzz",
    "xn--p1ai",
    "COM",
    "com.",
]
names = st.tuples(labels, st.sampled_from(ZONES)).map(".".join) | st.sampled_from(
    [
        "com.pl",
        "co.uk",
        "uk",
        "ak.us",
        "foo.bar.com",
        "",
        ".com",
        "..com",
        "x" * 70 + ".com",
        "xn--bcher-kva.com",
        "=1+1",
    ]
)
dates = st.sampled_from(
    ["2026-11-27 16:00:00", "2026-12-01T18:00", "2026-11-27", "2026-13-27 16:00:00", "", "soon", "2026-11-28 10:00:00 "]
)
rows = st.tuples(names, dates).map(";".join) | st.sampled_from(
    [
        "",
        "   ",
        "# comment",
        "; comment",
        "// x",
        "john.com",
        '"john.com";"2026-11-27 16:00:00"',
        "john.com ;2026-11-27 16:00:00",
    ]
)
lists_of_provider = st.lists(rows, min_size=10, max_size=60)
lists_of_names = st.lists(names | st.sampled_from(["# comment", "john.com # why", "Domain names:"]), max_size=60)
selects = st.builds(
    "\n".join,
    st.tuples(
        st.sampled_from(["", 'zones = ["com", "org", "pl"]', 'zones = ["co.uk", "shop"]']),
        st.sampled_from(["", "length = [3, 6]", "length = [1, 1]", "length = [5, 63]"]),
        st.sampled_from(["", "digits = false", 'digits = "only"']),
        st.sampled_from(["", "hyphens = false"]),
        st.sampled_from(["", "idn = false"]),
        st.sampled_from(
            [
                "",
                'keywords.any = ["shop", "é"]',
                'keywords = { begin = ["my", "app"], end = ["app", "7"] }',
                'keywords = { any = ["a"], begin = ["my"], all = true }',
                'keywords.any = ["ß"]',
            ]
        ),
        st.sampled_from(["", 'match = "^[a-z]+$"', 'reject = "casino|xxx"', "min_score = 5"]),
    ),
).map(select)


@given(
    lists_of_provider, selects, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "latin-1", "utf-16"])
)
@example(["john.com;2026-11-27 16:00:00"] * 30 + ["\r.com;2026-11-27 16:00:00"] * 2, select(""), "\n", "utf-8")
def test_the_provider_s_list_gives_the_same_at_once_as_line_by_line(
    lines: list[str], rules: Rules, end: str, encoding: str
) -> None:
    content = end.join(["first.com;2026-11-27 16:00:00"] * 3 + lines).encode(encoding, "replace")
    assert_same(content, rules)


@settings(deadline=None)
@given(lists_of_names, selects)
def test_a_plain_list_gives_the_same_at_once_as_line_by_line(lines: list[str], rules: Rules) -> None:
    assert_same("\n".join(["My names", *lines]).encode(), rules)


def assert_same(content: bytes, rules: Rules | None) -> None:
    every_third = _names(content)[::3]
    for known in (frozenset[str](), frozenset(every_third)):
        at_once, by_line = (counted(content, rules, at_once=both, known=known) for both in (True, False))
        at_once.in_bulk = 0
        assert at_once == by_line


def _names(content: bytes) -> list[str]:
    items = [item for read in read_lists(io.BytesIO(content)) for item in read.items]
    return sorted({item.domain.name for item in items if isinstance(item, Entry)})


def test_without_rules_all_is_left_out_at_once() -> None:
    content = b"john.com;2026-11-27 16:00:00\n" * 100
    found = counted(content, None, at_once=True)
    assert (found.entries, found.left_out) == (100, Counter({NO_RULES: 100}))
    assert found.in_bulk >= 80


def test_most_of_a_list_is_left_out_at_once_and_what_is_chosen_keeps_its_line() -> None:
    rows = [f"name{number}.com;2026-11-27 16:00:00" for number in range(1000)]
    rows[700] = "MyShop.com;2026-11-28 16:00:00"
    rows[990] = "webapp.net;2026-11-29 16:00:00"
    found = counted("\n".join(rows).encode(), select(DESIGN), at_once=True)
    assert [(entry.line, entry.domain.name) for entry in found.chosen] == [(701, "myshop.com"), (991, "webapp.net")]
    assert found.days == [date(2026, 11, 27), date(2026, 11, 29)]
    assert found.in_bulk > 970
    assert found.left_out == Counter(digits=998)


def test_a_name_that_is_known_is_never_left_out_in_bulk() -> None:
    rows = [f"name{number}.com;2026-11-27 16:00:00" for number in range(1000)]
    rows[700] = "MyShop.com;2026-11-28 16:00:00"
    known = frozenset({"myshop.com", "name990.com", "ame5.com"})
    for rules in (select(DESIGN), None):
        found = counted("\n".join(rows).encode(), rules, at_once=True, known=known)
        assert [(entry.line, entry.domain.name) for entry in found.named] == [(701, "myshop.com"), (991, "name990.com")]
        assert found.entries == 1000
        assert found.in_bulk > 950


def test_a_list_that_breaks_off_counts_as_far_as_it_was_read() -> None:
    whole = gzip.compress("\n".join(f"name{n * 7919 % 10007}.com;2026-11-27 16:00:00" for n in range(5000)).encode())
    cut = whole[: len(whole) // 2]
    at_once, by_line = (counted(cut, select(DESIGN), at_once=both) for both in (True, False))
    assert at_once.entries == by_line.entries > 1000
    assert at_once.rejects == by_line.rejects


def test_an_archive_that_breaks_off_within_the_first_lines_is_told() -> None:
    content = gzip.compress(b"john.com\njane.com\n") + b"rubbish"
    assert [reject.kind for reject in counted(content, Rules(), at_once=True).rejects] == [
        "has something behind the end of its gzip archive that is none: that was not read"
    ]
