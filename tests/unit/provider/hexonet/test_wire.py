"""The wire: any bytes are an answer or `NotAnAnswer`, and entries never leave their index."""

from __future__ import annotations

import time
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.provider.hexonet.wire import MAX_INDEX, NotAnAnswer, encode, parse

ANSWER = """[RESPONSE]
CODE=200
DESCRIPTION=Command completed successfully
PROPERTY[APPLICATION][0]=10700
PROPERTY[STATUS][0]=REQUESTED
QUEUETIME=0
RUNTIME=0.12
EOF
"""


def answer(*lines: str, code: str = "200", end: str = "\r\n") -> bytes:
    return end.join(["[RESPONSE]", f"CODE={code}", "DESCRIPTION=fine", *lines, "EOF", ""]).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_answer_is_read_with_either_end_of_line(end: str) -> None:
    response = parse(ANSWER.replace("\n", end).encode())
    assert (response.code, response.description) == (200, "Command completed successfully")
    assert response.first("APPLICATION") == "10700"
    assert response.column("status") == ["REQUESTED"]
    assert response.succeeded


def test_blanks_around_the_equals_sign_and_after_the_value_do_not_count() -> None:
    response = parse(b"[RESPONSE]\nCODE \t=  200\t\nDESCRIPTION = ok  \nPROPERTY[DOMAIN][0] = a.com \t\nEOF\n")
    assert (response.code, response.description, response.first("DOMAIN")) == (200, "ok", "a.com")


def test_a_value_keeps_its_equals_signs() -> None:
    assert parse(answer("PROPERTY[URL][0]=https://x.example/?a=b=c")).first("URL") == "https://x.example/?a=b=c"


def test_names_compare_without_case_and_without_blanks() -> None:
    response = parse(answer("Property[Quota Exceeded][0]=1"))
    assert response.first("QUOTAEXCEEDED") == response.first("quota exceeded") == "1"


def test_a_missing_entry_leaves_its_place_empty() -> None:
    response = parse(answer("PROPERTY[A][0]=a0", "PROPERTY[A][2]=a2", "PROPERTY[B][2]=b2", "PROPERTY[C][0]=c0"))
    assert response.column("A") == ["a0", "", "a2"]
    assert response.column("B") == ["", "", "b2"]
    assert [(row.index, row["A"], row["B"], row["C"]) for row in response.rows("A", "B", "C")] == [
        (0, "a0", "", "c0"),
        (2, "a2", "b2", ""),
    ]
    assert response.column("NONE") == []
    assert response.first("B") == ""


def test_a_line_separator_inside_a_value_ends_no_line() -> None:
    assert parse(answer("PROPERTY[A][0]=x\u0085y\u2028z")).first("A") == "x\u0085y\u2028z"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n ",
        b"EOF",
        b"[RESPONSE]",
        b"[RESPONSE]\nEOF\n",
        b"[RESPONSE]\nCODE=\nEOF\n",
        b"[RESPONSE]\nCODE=2x0\nEOF\n",
        "[RESPONSE]\nCODE=²⁰⁰\nEOF\n".encode(),
        b"[RESPONSE]\nCODE=200\nCODE=549\nEOF\n",
        b"<html><body>502 Bad Gateway</body></html>",
        b"[RESPONSE]\nCODE=200\nDESCRIPTION=x\nEOF\n<html>",
        answer("PROPERTY[A][x]=1"),
        answer("PROPERTY[A][-1]=1"),
        answer(f"PROPERTY[A][{MAX_INDEX + 1}]=1"),
        answer("PROPERTY[A=1"),
        answer("PROPERTY[A][0]=1", "PROPERTY[a][0]=2"),
    ],
)
def test_what_is_no_whole_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        parse(body)


@given(st.integers(0, len(ANSWER.strip()) - 1))
def test_an_answer_cut_anywhere_is_no_answer(end: int) -> None:
    with pytest.raises(NotAnAnswer):
        parse(ANSWER.encode()[:end])


LINES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"[RESPONSE]", b"CODE=200", b"EOF", b"PROPERTY[A][0]=x", b"PROPERTY[", b"PROPERTY[A][9999999]=y"]),
)


@given(st.one_of(st.binary(max_size=400), st.lists(LINES, max_size=12).map(b"\n".join)))
def test_any_bytes_are_an_answer_or_no_answer(body: bytes) -> None:
    try:
        response = parse(body)
    except NotAnAnswer:
        return
    assert 0 <= response.code <= 999


NAMES = st.sampled_from(["DOMAIN", "STATUS", "X-NICSE-IDNUMBER", "AUCTION-URL"])
VALUES = st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"]), max_size=12)


@given(st.dictionaries(st.tuples(NAMES, st.integers(0, 50)), VALUES), st.randoms(use_true_random=False))
def test_columns_never_shift(entries: dict[tuple[str, int], str], random: Random) -> None:
    lines = [f"PROPERTY[{name}][{index}]={value}" for (name, index), value in entries.items()]
    random.shuffle(lines)
    response = parse(answer(*lines))
    for row in response.rows("DOMAIN", "STATUS", "X-NICSE-IDNUMBER", "AUCTION-URL"):
        for name in ("DOMAIN", "STATUS", "X-NICSE-IDNUMBER", "AUCTION-URL"):
            assert row[name] == entries.get((name, row.index), "").strip(" \t\r")
    for (name, index), value in entries.items():
        assert response.column(name)[index] == value.strip(" \t\r")


def test_a_page_of_ten_thousand_entries_takes_time_in_proportion() -> None:
    def seconds(entries: int) -> float:
        body = answer(*(f"PROPERTY[{name}][{i}]={i}" for name in "ABCDE" for i in range(entries)))
        best = float("inf")
        for _ in range(3):
            started = time.thread_time()
            parse(body).column("A")
            best = min(best, time.thread_time() - started)
        return best

    # Of the processor, not of the clock. Quadratic work would take a hundred times as long.
    assert seconds(10_000) < 40 * seconds(1_000)


@pytest.mark.parametrize("line", ["PROPERTY[" * 20_000, "PROPERTY" + " " * 200_000 + "[A][0]=1", "=" * 200_000])
def test_a_hostile_line_is_read_in_no_time(line: str) -> None:
    started = time.thread_time()
    with suppress(NotAnAnswer):
        parse(answer(line))
    assert time.thread_time() - started < 1


def test_far_apart_entries_take_no_room() -> None:
    response = parse(answer(*(f"PROPERTY[P{i}][{MAX_INDEX}]=x" for i in range(1_000))))
    assert sum(len(entries) for entries in response.properties.values()) == 1_000


def test_sequences_are_numbered_and_none_is_left_out() -> None:
    fields = encode("CheckDomains", {"domain": ["a.com", "b.com"], "WIDE": 1, "NEW": None, "FLAG": True})
    assert fields == {"COMMAND": "CheckDomains", "DOMAIN0": "a.com", "DOMAIN1": "b.com", "WIDE": "1", "FLAG": "1"}


@pytest.mark.parametrize("value", ["a\nCLASS=X", "a\rb", "a\0b", ["fine", "a\nb"]])
def test_a_value_with_a_line_break_is_not_sent(value: str | list[str]) -> None:
    with pytest.raises(ValueError, match="line break"):
        encode("AddDomainApplication", {"DOMAIN": value})


@pytest.mark.parametrize("name", ["s_pw", "s_entity", "S_LOGIN", "", "A B", "A=B", "command", "COMMAND"])
def test_no_parameter_passes_for_a_field_of_the_wire(name: str) -> None:
    with pytest.raises(ValueError, match=r"parameter's name|given twice"):
        encode("StatusAccount", {name: "x"})


def test_a_parameter_is_given_once() -> None:
    with pytest.raises(ValueError, match="DOMAIN0 is given twice"):
        encode("CheckDomains", {"DOMAIN": ["a.com"], "domain0": "b.com"})
