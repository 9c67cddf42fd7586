"""From lines to entries: plain text, the provider's list, and tables with a header."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backorder.domain.domains import parse_domain
from ingestion.reading import Entry, LeftOut, Reject, read_lists


def read(text: str) -> tuple[str, list[Entry | Reject]]:
    [found] = read_lists(io.BytesIO(text.encode()))
    return found.source, [item for item in found.items if not isinstance(item, LeftOut)]


def told(items: list[Entry | Reject]) -> list[tuple[int, str]]:
    """Line and name, or line and reason."""
    return [(item.line, str(item.domain) if isinstance(item, Entry) else item.reason) for item in items]


def test_plain_text_has_a_name_a_line_between_comments_and_blanks() -> None:
    source, items = read(
        "# mine\n\nJohn.com.\n  // more\n; and more\nhttp://www.jane.com/x\n"
        '\t\n"max.com"\nmoritz.com,,\nhans.com # best\n'
    )
    assert source == "plain text"
    assert told(items) == [(3, "john.com"), (6, "jane.com"), (8, "max.com"), (9, "moritz.com"), (10, "hans.com")]


@pytest.mark.parametrize(
    "title",
    [
        "2026-08-01",
        "01.08.2026",
        "Domain",
        "domain name",
        "Deleted domains:",
        "Lista z 1.8.2026",
        "A list\n2026-08-01 10:00",
    ],
)
def test_a_title_or_a_date_above_the_names_is_no_entry(title: str) -> None:
    _, items = read(f"{title}\njohn.com\njane.com\n")
    assert [name for _, name in told(items)] == ["john.com", "jane.com"]


@pytest.mark.parametrize("first", ["john_doe.com", "john doe.com", "foo", "my john_doe.com", "1.2.3.4", "com"])
def test_a_name_that_cannot_exist_is_no_title(first: str) -> None:
    _, items = read(f"{first}\njohn.com\n")
    assert [type(item) for item in items] == [Reject, Entry]


def test_a_title_among_the_names_is_rejected() -> None:
    _, items = read("john.com\n2026-08-01\nthese are dear\n")
    assert told(items) == [
        (1, "john.com"),
        (2, "has no zone"),
        (3, "contains a blank"),
    ]


def test_what_is_no_name_is_rejected_with_its_line_and_the_rest_goes_through() -> None:
    _, items = read("john.com\njohn_doe.com\n=1+1\na.b.com\njane.com\n")
    assert told(items) == [
        (1, "john.com"),
        (2, "contains an underscore"),
        (3, "begins like a formula"),
        (4, "is below the registrable name b.com"),
        (5, "jane.com"),
    ]
    assert isinstance(items[3], Reject)
    assert items[3].kind == "is below the registrable name"


def test_the_providers_list_has_finalization_dates_in_utc() -> None:
    source, items = read("john.com;2026-11-27 16:00:00\r\n\r\njane.pl;2026-12-01 09:30:00\r\n")
    assert source == "provider"
    assert items == [
        Entry(1, parse_domain("john.com"), finalization_at=datetime(2026, 11, 27, 16, tzinfo=UTC)),
        Entry(3, parse_domain("jane.pl"), finalization_at=datetime(2026, 12, 1, 9, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("max.com", "has no date"),
        ("max.com;", "has no date"),
        ("max.com;2026-02-30 16:00:00", "date '2026-02-30 16:00:00' does not exist"),
        ("max.com;2026-11-27", "has a finalization date without a time"),
        ("max.com;27.11.2026", "date '27.11.2026' cannot be read: only YYYY-MM-DD and YYYY-MM-DD HH:MM:SS are"),
        ("max.com;9999-12-31 23:59:59", "date '9999-12-31 23:59:59' cannot be: its year is not from 1990 to 2099"),
        ("max_x.com;2026-11-27 16:00:00", "contains an underscore"),
    ],
)
def test_a_date_that_cannot_be_read_is_rejected_and_not_guessed(row: str, reason: str) -> None:
    rows = "john.com;2026-11-27 16:00:00\n" * 3
    _, items = read(f"{rows}{row}\n")
    assert told(items)[3:] == [(4, reason)]


def test_a_persons_table_has_columns_in_any_order() -> None:
    source, items = read("Note;Max Price;Domain Name;Priority;Size\nmy shop;59,00;john.com;10;3\n;;jane.com;;\n")
    assert source == "table"
    assert items == [
        Entry(
            2,
            parse_domain("john.com"),
            priority=Decimal(10),
            max_price=Decimal("59.00"),
            note="my shop",
            columns={"size": "3"},
        ),
        Entry(3, parse_domain("jane.com"), columns={"size": ""}),
    ]


def test_the_other_columns_are_kept_for_the_rules() -> None:
    _, items = read('Domain,BL,"Archive_Birth",Age,\njohn.com, 12 ,2004,,x\njane.com\n')
    assert [item.columns for item in items if isinstance(item, Entry)] == [
        {"bl": "12", "archive birth": "2004", "age": ""},
        {"bl": "", "archive birth": "", "age": ""},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_has_any_delimiter(delimiter: str) -> None:
    _, items = read("name,priority\njohn.com,3\n".replace(",", delimiter))
    assert items == [Entry(2, parse_domain("john.com"), priority=Decimal(3))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("john.com,11,", "priority '11' is no number from 0 to 10"),
        ("john.com,-1,", "priority '-1' is no number from 0 to 10"),
        ("john.com,high,", "priority 'high' is no number from 0 to 10"),
        ("john.com,,free", "max price 'free' is no amount, such as 59.00"),
        (",5,59", "is empty"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_rejected(row: str, reason: str) -> None:
    _, items = read(f"domain,priority,max_price\n{row}\njane.com,,\n,,\n")
    assert told(items) == [(2, reason), (3, "jane.com")]


@settings(max_examples=40)
@given(st.decimals(0, 10, places=4))
@example(Decimal(0))
@example(Decimal("0.5"))
@example(Decimal(10))
def test_a_priority_is_what_is_written(priority: Decimal) -> None:
    """Nothing is a number too: the name goes last, and not into the middle."""
    text = f"{priority:f}"
    for written in (text, text.replace(".", ",")):
        _, items = read(f"domain;priority\njohn.com;{written}\n")
        assert items == [Entry(2, parse_domain("john.com"), priority=priority)]


@pytest.mark.parametrize("days", ["2026-11-27", "27.11.2026", "27 November 2026"])
def test_a_finalization_date_without_a_time_is_rejected_and_not_left_out(days: str) -> None:
    """Left out, it would make an order without a date of one that has a last moment."""
    _, items = read(f"domain;finalization date\njohn.com;{days}\njane.com;2026-11-27 16:00:00\n")
    assert told(items) == [(2, "has a finalization date without a time"), (3, "jane.com")]


def test_a_title_may_stand_above_a_header() -> None:
    source, items = read('"Deleted names"\n\nsep=;\nName;Priority\njohn.com;3\n')
    assert (source, told(items)) == ("table", [(5, "john.com")])


def test_names_above_a_header_are_not_lost() -> None:
    source, items = read("john.com\ndomain,priority\njane.com,3\n")
    assert source == "plain text"
    assert told(items) == [
        (1, "john.com"),
        (2, "contains a character that no name has: ','"),
        (3, "has more than a name: name the columns in a header above, such as domain,priority"),
    ]


def test_a_quoted_note_may_have_lines_and_a_stray_quote_swallows_no_names() -> None:
    _, items = read('domain,note\njohn.com,"one\ntwo"\njane.com,"stray\nmax.com,x\n"moritz.com","a ""b"" c"\n')
    assert told(items) == [
        (2, "john.com"),
        (4, "has a quote that is not closed"),
        (5, "max.com"),
        (6, "moritz.com"),
    ]
    assert isinstance(items[0], Entry)
    assert items[0].note == "one two"
    assert isinstance(items[3], Entry)
    assert items[3].note == 'a "b" c'


def test_an_empty_list_has_no_entries() -> None:
    for text in ("", "\n\n", "# nothing\n", "domain,priority\n"):
        assert read(text)[1] == []
