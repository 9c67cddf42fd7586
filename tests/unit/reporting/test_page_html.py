"""The page as HTML: whatever stands in a field, it is text, and nothing but the page's own script may run."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.findings import Kind
from backorder.domain.states import State
from backorder.domain.values import Refusal
from reconciliation.page import html, view
from reconciliation.page.html import shown
from reconciliation.page.model import Outcomes, Page
from tests.browser import worlds
from tests.factories import NOW, a_finding, a_placed_backorder

MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`--><!--&lt;{{ 7*7 }}{% raw %}"
FORMULA = '=HYPERLINK("https://evil.example";"pay here")'
TURNED = "paypal\u202egpj.moc\u2066x\u2069\u200b\u200f\u061c\u0000\u0007\u2028\x85\ufeff"
HOSTILE = (MARKUP, FORMULA, TURNED)


class Seen(HTMLParser):
    """The elements of a page with the names of their attributes, and its texts."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []
        self.texts: list[str] = []
        self.within: list[str] = []
        self.bare: list[str] = []
        """Texts outside <bdi>."""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]
        if tag not in ("meta", "link", "input", "br"):
            self.within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "script" in self.within or "style" in self.within:
            return
        self.texts.append(data)
        if "bdi" not in self.within:
            self.bare.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def a_page(**changes: Any) -> Page:
    return view(**worlds.busy(120, **changes))


def with_texts(value: Any, text: Callable[[str], str]) -> Any:
    """The view model with every text in it replaced: what the lists and the provider could have put there."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return value and text(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {"group", "state", "what"} | ({"name"} if isinstance(value, Outcomes) else set())  # the page's own words
        changes = {
            field.name: with_texts(getattr(value, field.name), text)
            for field in dataclasses.fields(value)
            if field.name not in kept
        }
        return dataclasses.replace(value, **changes)
    if isinstance(value, Mapping):
        return {
            key if key in ("reasons", "rejects") else with_texts(key, text): with_texts(value[key], text)
            for key in value
        }
    if isinstance(value, Sequence):
        return [with_texts(each, text) for each in value]
    return value


def the_rows(source: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', source, re.DOTALL)
    assert found
    rows: dict[str, Any] = json.loads(found[1])
    return rows


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_in_any_field_becomes_markup_or_leaves_its_place(hostile: str) -> None:
    page = dataclasses.replace(a_page(), unread="no answer")
    harmless = Seen(html(page))
    poisoned = Seen(html(with_texts(page, lambda _: f"{hostile}x")))
    assert poisoned.elements == harmless.elements
    assert len(poisoned.texts) == len(harmless.texts)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_comes_from_outside_is_isolated_wherever_it_is_shown(hostile: str) -> None:
    source = html(with_texts(dataclasses.replace(a_page(), unread="no answer"), lambda _: f"\u05d0{hostile}"))
    assert not [text for text in Seen(source).bare if "\u05d0" in text]


def test_characters_that_turn_or_hide_text_are_named_instead() -> None:
    source = html(with_texts(a_page(), lambda text: f"{text}{TURNED}"))
    assert not re.search(
        "[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c\u2028\u2029\x00-\x09\x0b-\x1f\x7f-\x9f\ufeff]", source
    )
    assert "paypal[U+202E]gpj.moc" in Seen(source).text
    assert "paypal[U+202E]gpj.moc" in the_rows(source)["rows"][0][0]


def test_no_text_is_a_formula_for_a_spreadsheet_that_it_is_pasted_into() -> None:
    source = html(with_texts(a_page(), lambda _: FORMULA))
    data = the_rows(source)
    assert not [text for text in Seen(source).texts if text.strip().startswith(("=", "+", "@"))]
    assert {row[0] for row in data["rows"]} == set(data["lists"]) == {f"'{FORMULA}"}


@given(st.text())
def test_every_text_is_shown_as_one_printable_line(text: str) -> None:
    seen = shown(text)
    assert all(character.isprintable() or character in "\xa0\u3000" or character.isspace() for character in seen)
    assert not set(seen) & set("\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029")
    assert shown("john.com") == "john.com"
    seen.encode()


def test_the_rows_survive_whatever_is_in_them() -> None:
    backorders = [
        a_placed_backorder(f"n{n}.com", State.FAILED, refusal=Refusal(text)) for n, text in enumerate(HOSTILE)
    ]
    source = html(view(**worlds.empty(backorders=backorders)))
    assert source.count("</script>") == 2
    assert [the_rows(source)["reasons"][row[9]] for row in the_rows(source)["rows"]] == [
        shown(text) for text in HOSTILE
    ]


def test_nothing_runs_but_the_pages_own_script_and_nothing_is_fetched() -> None:
    source = html(a_page())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', source)
    assert policy
    for element in ("style", "script"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1]
    assert source.startswith("<!doctype html>")
    assert policy[1].startswith("default-src 'none'; base-uri 'none'; form-action 'none'; ")
    assert "unsafe" not in policy[1]
    assert "http:" not in source
    assert "https:" not in source
    names = {name for _, attributes in Seen(source).elements for name in attributes}
    assert not names & {"style", "src", "srcset", "onclick", "onload", "action"}
    assert all(value.startswith("#") for value in re.findall(r'href="([^"]*)"', source))


def test_the_same_account_gives_the_same_bytes() -> None:
    assert html(a_page()) == html(a_page())


def test_amounts_and_counts_read_well() -> None:
    world = worlds.busy(120)
    seen = Seen(html(view(**world))).text
    assert "1,242.00 USD" in re.sub(r"\s+", " ", seen)
    assert "40,211" in seen


def test_a_moment_is_told_in_the_readers_time_zone() -> None:
    source = html(view(**worlds.empty(now=NOW + timedelta(hours=12))))
    assert "Wed&nbsp;25&nbsp;Nov, 00:00" in source
    assert 'datetime="2026-11-25T00:00:00Z"' in source


def test_an_auction_is_one_tap_away_and_nothing_else_becomes_a_link() -> None:
    where = "https://auctions.example/john.com?a=1&b=2"
    auction = a_finding(Kind.AUCTION_OPEN, advice=f"john.com is in an auction: bid at {where}; or <b>not</b>.")
    other = a_finding(Kind.REFUND_MISSING, advice="Look at https://evil.example/, jane.com.")
    source = html(view(**worlds.empty(findings=[auction, other])))
    links = re.findall(r'<a href="(http[^"]*)"([^>]*)>', source)
    assert links == [(where.replace("&", "&amp;"), ' rel="noreferrer noopener"')]
    assert "; or &lt;b&gt;not&lt;/b&gt;." in source
