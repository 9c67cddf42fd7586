"""Lines, in every encoding that lists come in."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.reading import LeftOut, Reject, read_lists
from ingestion.reading.encodings import in_hex
from ingestion.reading.lines import LONGEST_LINE, Line, Lines
from tests.memory import peak


def lines(content: bytes, size: int = 1 << 18) -> list[Line]:
    return list(Lines(content[n : n + size] for n in range(0, len(content), size)))


TEXT = "bücher.de\r\njohn.com\n\n日本語.jp"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode("utf-8"), "UTF-8"),
        (TEXT.encode("utf-8-sig"), "UTF-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "UTF-16-LE"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16-BE"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 18])
def test_text_is_read_in_every_encoding(content: bytes, encoding: str, size: int) -> None:
    head, rest = content[:40], content[40:]
    read = Lines(iter([head, *(rest[n : n + size] for n in range(0, len(rest), size))]))
    assert list(read) == [(1, "bücher.de", None), (2, "john.com", None), (3, "", None), (4, "日本語.jp", None)]
    assert read.encoding == encoding


def test_utf_16_without_a_mark_is_recognised_by_its_zeros() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        assert lines("john.com\njane.com".encode(encoding)) == [(1, "john.com", None), (2, "jane.com", None)]


def test_what_cannot_be_decoded_stays_in_its_line() -> None:
    content = "bücher.de\n".encode() + b"b\xfccher.de\njohn.com\n"
    assert [(number, in_hex(text), fault) for number, text, fault in lines(content)] == [
        (1, "bücher.de", None),
        (2, "b\\xfccher.de", None),
        (3, "john.com", None),
    ]


def test_a_name_that_cannot_be_decoded_is_rejected_and_the_next_is_read() -> None:
    content = codecs.BOM_UTF16_LE + "a.com\n".encode("utf-16-le") + b"\x00\xd8" + "b.com\nc.com".encode("utf-16-le")
    [found] = read_lists(io.BytesIO(content))
    told = [item.reason if isinstance(item, Reject) else str(item) for item in found.items]
    assert told[1] == "is no valid UTF-16-LE"
    assert len(told) == 3


def test_a_zero_spoils_its_line_and_not_the_list() -> None:
    content = b"john.com\nja\0ne.com\nmax.com\n"
    [found] = read_lists(io.BytesIO(content))
    told = [item.reason if isinstance(item, Reject) else str(item) for item in found.items]
    assert told[1] == "contains a control character"
    assert len(told) == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 5, 6, 7, 1 << 18])
def test_line_ends_of_every_system_are_one_line_end(end: str, size: int) -> None:
    content = end.join(["john.com", "", "jane.com", ""]).encode()
    assert [(n, text) for n, text, _ in lines(content, size)] == [(1, "john.com"), (2, ""), (3, "jane.com")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1000, LONGEST_LINE, 1 << 18])
def test_a_line_that_is_too_long_is_a_fault_and_the_next_is_read(end: bytes, size: int) -> None:
    content = b"a.com" + end + b"x" * 300_000 + end + b"b.com" + end + b"y" * 70_000
    found = [(n, text[:5], fault) for n, text, fault in lines(content, size)]
    assert found == [
        (1, "a.com", None),
        (2, "xxxxx", "is longer than 64 KB"),
        (3, "b.com", None),
        (4, "yyyyy", "is longer than 64 KB"),
    ]


def test_a_file_without_line_ends_does_not_fill_the_memory() -> None:
    chunk = b"x" * (1 << 18)

    def endless() -> Iterator[bytes]:
        for _ in range(400):
            yield chunk

    def read() -> None:
        assert [fault for _, _, fault in Lines(endless())] == ["is longer than 64 KB"]

    assert peak(read) < 4_000_000


@given(st.binary(), st.integers(1, 40))
def test_how_the_bytes_are_cut_changes_nothing(content: bytes, size: int) -> None:
    text = content.replace(b"\0", b"")
    if not text.isascii():
        text = text.decode("ascii", "ignore").encode()
    assert lines(text, size) == [(n, raw.decode(), None) for n, raw in enumerate(text.splitlines(), start=1)]


@given(st.lists(st.binary()))
def test_any_bytes_are_read_to_the_end(chunks: list[bytes]) -> None:
    for found in read_lists(io.BytesIO(b"".join(chunks))):
        for item in found.items:
            assert not isinstance(item, LeftOut)
            assert item.line >= 0


@given(
    st.lists(st.tuples(st.sampled_from([b"a", b"bb", b"", b"\xfc", "ü".encode(), b"c" * 40]), st.integers(1, 9))),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(1, 99), unique=True).map(sorted),
    st.integers(1, 40),
)
def test_what_is_passed_over_is_counted_and_nothing_else_is_left_out(
    stretches: list[tuple[bytes, int]], end: bytes, edges: list[int], size: int
) -> None:
    content = b"".join((line + end) * number for line, number in stretches)
    runs = list(zip(edges[::2], edges[1::2], strict=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.reading.lines.LARGE", 8)
        whole = Lines(content[n : n + size] for n in range(0, len(content), size))
        every, encoding = list(whole), whole.encoding
        read = Lines(content[n : n + size] for n in range(0, len(content), size))
        read.passed_over = runs
        given = list(read)
        assert read.encoding == encoding
    passed_over = [line for line in every if line not in given]
    assert [line for line in every if line in given] == given
    assert all(any(first <= number <= last for first, last in runs) for number, _, _ in passed_over)
    assert read.reached == len(every)


def test_blocks_of_lines_that_are_passed_over_are_not_given() -> None:
    content = b"x\n" * 1_000_000 + b"john.com\n"
    read = Lines(content[n : n + 50_000] for n in range(0, len(content), 50_000))
    read.passed_over = [(1, 1_000_000)]
    given = list(read)
    assert given[-1] == (1_000_001, "john.com", None)
    assert len(given) < 100_000
