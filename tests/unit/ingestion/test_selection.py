"""Which names the rules choose."""

from __future__ import annotations

import re

import pytest

from backorder.domain.domains import parse_domain
from backorder.rules import parse_rules
from ingestion.reading import Entry, Reject
from ingestion.selection import Choice, Selection


def why_not(select: str, name: str) -> str | None:
    decided = Selection(parse_rules(f"[select]\n{select}")).decide(Entry(1, parse_domain(name)))
    return decided if isinstance(decided, str) else None


@pytest.mark.parametrize(
    ("select", "chosen", "left_out"),
    [
        ('zones = ["com", "co.uk"]', ["john.com", "john.co.uk"], ["john.net", "john.uk"]),
        ("length = [3, 5]", ["abc.com", "abcde.com", "ücher.de"], ["ab.com", "abcdef.com"]),
        ("digits = false", ["john.com"], ["john1.com"]),
        ('digits = "only"', ["123.com"], ["john.com", "john1.com", "1-2.com"]),
        ("digits = true", ["123.com", "john.com"], []),
        ("hyphens = false", ["john.com", "bücher.de"], ["john-doe.com"]),
        ("idn = false", ["john.com"], ["bücher.de"]),
        ('keywords.any = ["shop"]', ["myshop.com", "shops.com"], ["john.com"]),
        ('keywords = { begin = ["my"], end = ["app", "hub"] }', ["my.com", "johnapp.com"], ["appjohn.com"]),
        ('keywords = { any = ["o"], begin = ["j"], all = true }', ["john.com"], ["jill.com", "bob.com"]),
        ('match = "^[a-z]+$"', ["john.com"], ["john1.com", "bücher.de"]),
        ('reject = "casino|xxx"', ["john.com"], ["mycasino.com"]),
    ],
)
def test_a_rule_chooses_and_leaves_out(select: str, chosen: list[str], left_out: list[str]) -> None:
    key = re.split(r"[ .]", select, maxsplit=1)[0]
    assert [why_not(select, name) for name in chosen] == [None] * len(chosen)
    assert [why_not(select, name) for name in left_out] == [key] * len(left_out)


def test_without_rules_in_it_a_file_chooses_everything() -> None:
    assert why_not("", "john.com") is None
    assert why_not("", "bücher.de") is None


def test_a_label_is_as_long_as_people_read_it() -> None:
    assert why_not("length = [6, 6]", "bücher.de") is None


def test_a_name_that_was_chosen_before_is_not_chosen_again_and_one_left_out_is_left_out_again() -> None:
    selection = Selection(parse_rules('[select]\nlength = [3, 5]\ncolumns = { bids = ">= 2" }'))
    chosen = {"john.com", "johndoe.com"}

    def again(name: str, bids: str) -> Choice | str | Reject | None:
        return selection.decide(Entry(1, parse_domain(name), columns={"bids": bids}), chosen)

    assert again("john.com", "2") is None
    assert isinstance(again("jane.com", "2"), Choice)
    assert again("john.com", "1") == "columns"
    assert isinstance(again("john.com", "1.250"), Reject)
    assert again("johndoe.com", "2") == "length"


def decided(columns: dict[str, str], *conditions: str) -> tuple[list[str], list[str]]:
    """What becomes of one name a cell, and the remarks."""
    selection = Selection(parse_rules("[select.columns]\n" + "\n".join(conditions)))
    told = []
    for name, cell in columns.items():
        found = selection.decide(Entry(1, parse_domain(name), columns={"valuation": cell}))
        told.append(found if isinstance(found, str) else found.reason if isinstance(found, Reject) else "chosen")
    return told, selection.remarks


def test_a_cell_that_may_be_two_numbers_is_rejected_where_it_matters() -> None:
    cells = {"a.com": "1.250", "b.com": "$1,250", "c.com": "1.2K", "d.com": "1.250,00", "e.com": "n/a"}
    reason = "column valuation: '1.250' may be 1.250 or 1250: write it without marks of thousands"
    assert decided(cells, 'Valuation = ">= 1000"')[0] == [reason, "chosen", "chosen", "chosen", "columns"]
    assert decided(cells, 'Valuation = ">= 1"')[0] == ["chosen"] * 4 + ["columns"]
    assert decided(cells)[0] == ["chosen"] * 5


def test_a_rule_that_meets_no_number_says_so() -> None:
    cells = {f"{letter}.com": cell for letter, cell in zip("abcd", ("high", "low", "n/a", "?"), strict=True)}
    told, remarks = decided(cells, 'Valuation = ">= 1000"')
    assert told == ["columns"] * 4
    assert remarks == ["Valuation: 4 of 4 cells are no numbers, so [select.columns] chose none of their names."]
    assert decided(cells | {"e.com": "5", "f.com": ""}, 'Valuation = ">= 1000"')[1] == []
    assert decided(cells, 'Valuation = "= high"')[1] == []
