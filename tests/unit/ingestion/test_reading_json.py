"""JSON: the published documents as a stream, and JSON lines."""

from __future__ import annotations

import codecs
import gzip
import io
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.domains import parse_domain
from ingestion.reading import Entry, LeftOut, ReadList, Reject, read_lists
from ingestion.reading.containers import CHUNK
from tests.memory import peak


def read(content: str | bytes) -> tuple[str, list[Entry | Reject]]:
    [found] = read_lists(io.BytesIO(content.encode() if isinstance(content, str) else content))
    return found.source, items_of(found)


def items_of(found: ReadList) -> list[Entry | Reject]:
    return [item for item in found.items if not isinstance(item, LeftOut)]


def told(items: list[Entry | Reject]) -> list[tuple[int, str]]:
    return [(item.line, str(item.domain) if isinstance(item, Entry) else item.reason) for item in items]


BARDATE = {"data": [{"name": "john.se", "release_at": "2026-11-27"}, {"name": "bücher.se", "release_at": "2026-11-28"}]}


def test_internetstiftelsens_document() -> None:
    assert read(json.dumps(BARDATE)) == (
        "Internetstiftelsen, JSON",
        [
            Entry(1, parse_domain("john.se"), drop_day=date(2026, 11, 27)),
            Entry(2, parse_domain("bücher.se"), drop_day=date(2026, 11, 28)),
        ],
    )


def test_park_io_does_not_say_whose_times_its_times_are() -> None:
    source, items = read(
        '{"success": true, "domains": [{"id": 1, "name": "john.io", "date_available": "2026-11-27 23:30:00"},'
        '{"name": "jane.io", "date_available": "2026-Nov-28"}], "total": 2}'
    )
    assert source == "Park.io"
    assert items == [
        Entry(1, parse_domain("john.io"), drop_day=date(2026, 11, 27), columns={"id": "1"}),
        Entry(2, parse_domain("jane.io"), drop_day=date(2026, 11, 28), columns={"id": ""}),
    ]


@pytest.mark.parametrize(
    "document",
    [
        '["john.com", "JANE.com."]',
        '[{"domain": "john.com"}, {"domain": "jane.com"}]',
        '{"total": 2, "meta": {"names": ["no.com"]}, "domains": ["john.com", "jane.com"], "tlds": ["com"]}',
        '\n{\n "list": [\n  {"fqdn": "john.com", "tags": ["a", {"name": "x.com"}]},\n  {"url": "//jane.com/"}\n ]\n}\n',
    ],
)
def test_a_list_of_names_or_objects_alone_or_under_a_key(document: str) -> None:
    source, items = read(document)
    assert (source, told(items)) == ("JSON", [(1, "john.com"), (2, "jane.com")])


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        (lambda text: text.encode(), "UTF-8"),
        (lambda text: codecs.BOM_UTF8 + text.encode(), "UTF-8"),
        (lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"), "UTF-16-LE"),
        (lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "UTF-16-BE"),
        (lambda text: text.encode("latin-1"), "windows-1252 or one of 7 others"),
    ],
)
def test_a_document_is_read_in_every_encoding(encoded: object, encoding: str) -> None:
    content = encoded(json.dumps(BARDATE, ensure_ascii=False))  # type: ignore[operator]
    [found] = read_lists(io.BytesIO(content))
    assert told(items_of(found)) == [(1, "john.se"), (2, "xn--bcher-kva.se")]
    assert found.encoding == encoding


def test_what_is_no_name_is_rejected_with_its_number() -> None:
    _, items = read('["john.com", 5, null, ["a.com"], {"x": "a.com"}, {"name": "john_doe.com"}, {"name": null}]')
    assert told(items) == [
        (1, "john.com"),
        (2, "is no name"),
        (3, "is no name"),
        (4, "is no name"),
        (5, "has no name in it: expected is one under domain, name, fqdn or url"),
        (6, "contains an underscore"),
        (7, "is empty"),
    ]
    assert [item.text for item in items[1:6:4]] == ["5", '{"name": "john_doe.com"}']  # type: ignore[union-attr]


def test_a_document_that_breaks_off_gives_what_came_before() -> None:
    whole = json.dumps({"data": [{"name": f"n{n}.se", "release_at": "2026-11-27"} for n in range(20_000)]})
    _, items = read(whole[: len(whole) // 2])
    assert len(items) > 9000
    assert all(isinstance(item, Entry) for item in items[:-1])
    assert told(items)[-1] == (len(items) - 1, "is broken JSON: it ends too early")
    _, items = read('{"data": [{"name": "one.se"}, {"name": "two.se"}, oops]}')
    assert told(items)[:2] == [(1, "one.se"), (2, "two.se")]
    assert told(items)[2][1].startswith("is broken JSON: lexical error")
    _, items = read(gzip.compress(whole.encode())[:-20])
    assert "is a broken gzip archive" in told(items)[-1][1]


@pytest.mark.parametrize("document", ["{}", '{"data": {"name": "a.com"}}', '{"rows": ["a.com"]}'])
def test_a_document_without_a_list_says_what_is_expected(document: str) -> None:
    _, items = read(document)
    assert told(items) == [
        (0, "is JSON without a list of names in it: expected is a list, alone or under data or domains")
    ]


def test_json_lines_are_rows_and_a_broken_one_takes_no_other_with_it() -> None:
    source, items = read(
        '{"domain": "john.com", "drop_date": "2026-11-27", "priority": 7.5, "BL": 12, "x": null, "y": [1]}\n'
        '\n{"domain": "jane.com", oops}\n["max.com"]\n{"domain": "max.com", "note": "\\ud83d half"}\n'
    )
    assert source == "JSON lines"
    assert items[0] == Entry(
        1,
        parse_domain("john.com"),
        drop_day=date(2026, 11, 27),
        priority=Decimal("7.5"),
        columns={"bl": "12", "x": "", "y": ""},
    )
    assert told(items)[1:] == [(3, "is no JSON object"), (4, "is no JSON object"), (5, "max.com")]
    assert items[3].note == "? half"  # type: ignore[union-attr]


@pytest.mark.parametrize("form", ["{}", "[{}]"])
def test_what_other_objects_have_and_one_lacks_is_empty_in_it(form: str) -> None:
    rows = ['{"domain": "john.com"}', '{"domain": "jane.com", "BL": 12, "name": "Jane"}', '{"domain": "max.com"}']
    _, items = read("\n".join(rows) if form == "{}" else f"[{','.join(rows)}]")
    assert [item.columns for item in items if isinstance(item, Entry)] == [
        {"bl": "", "name": ""},
        {"bl": "12", "name": "Jane"},
        {"bl": "", "name": ""},
    ]


def test_one_object_alone_is_a_line() -> None:
    assert told(read('{"domain": "john.com"}')[1]) == [(1, "john.com")]


@pytest.mark.parametrize("text", ["[2026-08-01]\njohn.com\n", "[domains]\njohn.com\n", "{john.com}\njohn.com\n"])
def test_text_that_begins_with_a_bracket_is_text(text: str) -> None:
    source, items = read(text)
    assert source == "plain text"
    assert told(items)[-1] == (2, "john.com")


def test_a_document_does_not_fill_the_memory() -> None:
    entry = b'{"name": "n%d.se", "release_at": "2026-11-27", "note": "' + b"x" * 500 + b'"}'
    content = b'{"data": [' + b",".join(entry % n for n in range(10_000)) + b"]}"
    assert len(content) > 15 * CHUNK
    file = io.BytesIO(content)

    def read_all() -> None:
        [found] = read_lists(file)
        assert sum(1 for _ in found.items) == 10_000

    assert peak(read_all) < len(content) / 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'["' + b"x" * 5_000_000 + b'"]', "is JSON with a value of more than 1,048,576 bytes"),
        (b"[" * 500_000, "is JSON that is nested more than 100 times"),
        (b'[{"name": ' + b"[" * 500, "is JSON that is nested more than 100 times"),
        (
            b"[{" + b",".join(b'"k%d": 1' % n for n in range(5000)) + b"}]",
            "is JSON with an object of more than 1,000 members",
        ),
    ],
    ids=["value", "nesting", "nesting-in-an-object", "members"],
)
def test_a_hostile_document_is_refused_before_it_fills_anything(content: bytes, reason: str) -> None:
    def refuse() -> None:
        assert told(read(content)[1]) == [(0, reason)]

    assert peak(refuse) < 20_000_000


_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["name", "data", "release_at", "priority"]), inner)
    ),
)


@given(_values)
def test_any_json_is_read_to_the_end(value: object) -> None:
    for text in (json.dumps(value), json.dumps([value]), json.dumps({"name": value}), json.dumps({"data": [value]})):
        for found in read_lists(io.BytesIO(text.encode())):
            last = 0
            for item in items_of(found):
                assert item.line >= last
                last = item.line
                if isinstance(item, Reject):
                    item.text.encode()
