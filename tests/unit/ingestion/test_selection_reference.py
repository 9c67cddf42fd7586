"""Both ways to choose from a list, at once and a name at a time, give what the reference gives."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from backorder.rules import parse_rules
from ingestion.reading import LeftOut, Reject, read_lists
from ingestion.reading.prefilter import NO_RULES, Screen
from ingestion.selection import Selection
from tests.selection_reference import Outcome, Row, Table, outcome, toml

LARGE = 12_000
"""Bytes of a list of which the greater part is read in blocks."""


def chosen(content: bytes, select: Table | None, known: Iterable[str], *, at_once: bool) -> Outcome:
    """What the pipeline makes of a list."""
    rules = None if select is None else parse_rules(toml(select))
    selection = Selection(rules) if rules else None
    screen = Screen(rules.select if rules else None, known) if at_once else None
    done = Outcome()
    days: set[date] = set()
    [read] = read_lists(io.BytesIO(content), screen=screen)
    for item in read.items:
        if isinstance(item, LeftOut):
            done.entries += item.count
            done.left_out += item.by
            done.zones += item.zones
            days.update(item.days or ())
            continue
        done.entries += 1
        if isinstance(item, Reject):
            done.rejected.append(item.line)
            continue
        done.zones[item.domain.zone] += 1
        if item.day:
            days.add(item.day)
        place = (item.line, item.domain.name)
        if item.domain.name in known:
            done.known.append(place)
        decided = selection.decide(item) if selection else NO_RULES
        if isinstance(decided, str):
            done.left_out[decided] += 1
        else:
            done.chosen.append(place)
    done.days = {min(days), max(days)} if days else set()
    return done


def assert_chosen_as_the_reference_does(
    rows: Sequence[Row],
    select: Table | None,
    *,
    head: str = "",
    end: str = "\n",
    encoding: str = "utf-8",
) -> None:
    content = (head + "".join(row.text + end for row in rows)).encode(encoding)
    names = sorted({row.name for row in rows if row.is_name})
    for known in (set[str](), {*names[::3], "neverseen.com"}):
        expected = outcome(rows, select, known, first_line=2 if head else 1)
        for at_once in (False, True):
            assert chosen(content, select, known, at_once=at_once) == expected, f"{at_once=}"


# Each example is a whole file, read four times; to make one smaller for minutes helps nobody.
few = settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def long(first: Row, rows: Sequence[Row]) -> list[Row]:
    """Rows that are read in blocks as well as, at the beginning of the list, line by line."""
    repeated = [first] * 5 + list(rows)
    return repeated * (1 + LARGE // sum(len(row.text) + 1 for row in repeated))


ZONES = ["com", "net", "org", "uk", "co.uk", "pl", "com.pl", "shop"]
PIECES = ["shop", "app", "hub", "casino", "a", "zz", "7", "2026", "-", "--", "my", "solar", "roof", "co", "com", "_"]
IDN = ["bücher", "straße", "müller-shop", "é", "café7", "пример", "नमस्ते१", "日本shop", "مثال١"]
SHORT_IDN = ["bücher", "café7", "é"]

ascii_labels = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
    | st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=14)
    | st.sampled_from(["x" * 63, "y" * 64, "-", "7", "ab--c"])
)


@st.composite
def names(draw: st.DrawFn, idn: Sequence[str] = IDN) -> Row:
    """A name as lists contain it."""
    label, zone = draw(ascii_labels | st.sampled_from(idn)), draw(st.sampled_from(ZONES))
    row = Row("", label, zone)
    bare = row.name if draw(st.booleans()) else f"{label}.{zone}"
    form = draw(st.sampled_from(["{}", "{}", "{}", "{}.", "http://{}/path?x=1", "https://www.{}", " {} "]))
    # A suffix is no name, but `www` below it is one.
    text = (form if row.is_name else form.replace("www.", "")).format(bare)
    return replace(row, text=text.upper() if label != "straße" and draw(st.booleans()) else text)


no_names = st.sampled_from(
    [
        *("", "   ", "# comment", "// comment"),
        *("=1+1", "below.john.com", "john.zzzz", "john", "com", "com.pl", "10.0.0.1", "a@john.com", ".com", "..com"),
    ]
).map(lambda text: Row(text, "", "", is_entry=bool(text.strip()) and text[0] not in "#/"))

WORDS = ["shop", "app", "hub", "my", "a", "7", "solar", "x-y"]
word_lists = st.lists(st.sampled_from([*WORDS, "Shop", "é"]), min_size=1, max_size=2)
keywords = st.fixed_dictionaries(
    {}, optional={"any": word_lists, "begin": word_lists, "end": word_lists, "all": st.booleans()}
)
lengths = st.tuples(st.integers(1, 63), st.integers(1, 63)).map(sorted) | st.sampled_from([[3, 12], [1, 1], [5, 6]])
rules_on_names = {
    "zones": st.lists(st.sampled_from([*ZONES, ".CO.UK"]), min_size=1, max_size=3),
    "length": lengths,
    "digits": st.sampled_from([True, False, "only"]),
    "hyphens": st.booleans(),
    "idn": st.booleans(),
    "keywords": keywords,
    "match": st.sampled_from(["^[a-z]+$", "o", "^s.*p$", "[0-9]{2}", "é|ü", "(shop|app)$"]),
    "reject": st.sampled_from(["casino|xxx", "^a", "p$", "[0-9]"]),
    "min_score": st.sampled_from([0, 3, 5.5, 7, 10]),
}
selects = st.one_of(
    st.fixed_dictionaries({}, optional=rules_on_names),
    *(st.fixed_dictionaries({key: value}) for key, value in rules_on_names.items()),
)
selects_or_none = st.none() | selects
line_ends = st.sampled_from(["\n", "\r\n", "\r"])


@few
@given(
    st.lists(names() | no_names, min_size=1, max_size=25),
    selects_or_none,
    line_ends,
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_from_names_in_plain_text(rows: list[Row], select: Table | None, end: str, encoding: str) -> None:
    assert_chosen_as_the_reference_does(
        long(Row("first.com", "first", "com"), rows), select, end=end, encoding=encoding
    )


@few
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("".join), min_size=8, max_size=15),
    keywords,
    st.fixed_dictionaries({}, optional={"hyphens": st.just(False), "digits": st.just(False)}),
)
@example(["shopmy", "myshop", "hub"], {"any": ["my"], "begin": ["shop"], "all": True}, {})
@example(["shopmy", "myshop", "hub"], {"begin": ["shop"]}, {})
@example(["shopmy", "myshop", "hub"], {"end": ["shop"]}, {})
def test_by_keywords(labels: list[str], wanted: Table, others: Table) -> None:
    rows = [Row(f"{label}.com", label, "com") for label in labels]
    assert_chosen_as_the_reference_does(long(Row("first.com", "first", "com"), rows), {"keywords": wanted, **others})


@st.composite
def provider_rows(draw: st.DrawFn) -> Row:
    row = draw(names(SHORT_IDN).filter(lambda row: not row.text.startswith(";")))
    day, time = draw(st.dates(date(2026, 11, 20), date(2027, 1, 10))), draw(st.sampled_from(["16:00:00", "00:00:00"]))
    written = draw(
        st.sampled_from(
            [f"{day} {time}", f"{day} {time}", f'"{day} {time}"', f"{day}T{time} ", f"{day}", "", "2026-13-01 10:00:00"]
        )
    )
    spoilt = len(written.strip()) < 16 or written.startswith("2026-13")
    return replace(row, text=f"{row.text};{written}", day=day, is_spoilt=spoilt)


@few
@given(
    st.lists(provider_rows() | no_names.filter(lambda row: not row.is_entry), min_size=1, max_size=25),
    selects_or_none,
    line_ends,
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_from_the_provider_s_list(rows: list[Row], select: Table | None, end: str, encoding: str) -> None:
    first = Row("first.com;2026-11-27 16:00:00", "first", "com", date(2026, 11, 27))
    assert_chosen_as_the_reference_does([first] * 60 + long(first, rows), select, end=end, encoding=encoding)


cells = st.sampled_from(["", "0", "5", "10", "10.0", "1,200", "yes", "NO", "-", " "])
conditions = st.builds("{} {}".format, st.sampled_from([">=", "<=", ">", "<", "=", "!="]), st.sampled_from(["5", "10"]))
conditions |= st.sampled_from(["= yes", "!= yes"])
columns = st.dictionaries(st.sampled_from(["BL", "Age", "Bids"]), conditions, max_size=3)


@st.composite
def table_rows(draw: st.DrawFn) -> Row:
    row, bl, age = draw(names()), draw(cells), draw(cells)
    day = draw(st.dates(date(2026, 11, 20), date(2027, 1, 10)))
    return replace(row, text=f"{bl};{row.text};{age};{day}", day=day, cells={"BL": bl.strip(), "Age": age.strip()})


@given(
    st.lists(table_rows(), min_size=1, max_size=25),
    st.fixed_dictionaries({"columns": columns}, optional=rules_on_names),
)
@example([Row("5;john.com;;2026-11-27", "john", "com", date(2026, 11, 27), {"BL": "5"})], {"columns": {"Bids": "> 5"}})
def test_from_a_table_with_columns_of_its_own(rows: list[Row], select: Table) -> None:
    assert_chosen_as_the_reference_does(rows, select, head="bl;Domain;AGE;drop date\n")


DESIGN: Table = {
    "zones": ["com", "net", "org"],
    "length": [3, 12],
    "digits": False,
    "hyphens": False,
    "idn": False,
    "keywords": {"any": ["shop"], "begin": [], "end": ["app", "hub"], "all": False},
    "match": "^[a-z]+$",
    "reject": "casino|xxx",
    "min_score": 6.0,
}


@pytest.mark.parametrize("select", [DESIGN, {"length": [1, 4], "digits": "only"}, None])
def test_from_a_list_of_several_blocks(select: Table | None) -> None:
    """More than a megabyte, read in pieces of any size, with names of every kind among the plain ones."""
    draw = random.Random(5)
    day = date(2026, 11, 27)
    rows = []
    for number in range(40_000):
        label = "".join(draw.choices(PIECES[:-1], k=draw.randint(1, 4)))
        zone = draw.choice(ZONES)
        if number % 997 == 0:
            label = draw.choice(SHORT_IDN)
        rows.append(Row(f"{label}.{zone};2026-11-27 16:00:00", label, zone, day))
    assert_chosen_as_the_reference_does(rows, select)
