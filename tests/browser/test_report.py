"""The report in a real browser: it opens without a word, sorts, filters, stays small, and can be used by anyone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from backorder.domain.states import State
from reconciliation.page import html, view
from reconciliation.page.outcomes import GROUPS
from tests.browser import worlds
from tests.browser.conftest import Opener
from tests.unit.reporting.test_page_html import HOSTILE, with_texts

PROJECT = Path(__file__).resolve().parents[2]
MANY = 20_000
ROWS = 50
"""Of the table of all names, at a time."""
MOST_ELEMENTS = 3_000
"""A browser lays out that many in a blink, on a phone too."""


@cache
def source(count: int) -> str:
    return html(view(**(worlds.busy(count) if count else worlds.empty())))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make run` leaves."""
    out = tmp_path_factory.mktemp("sample")
    command = [sys.executable, "-m", "local", "run", "--store", "memory", "--out", str(out)]
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    return out


def elements(page: Page) -> int:
    return page.locator("*").count()


def fits(page: Page) -> bool:
    """Nothing sticks out to the right of the window."""
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def names(page: Page) -> list[str]:
    return page.locator("#all-names tbody th").all_inner_texts()


def count(page: Page) -> str:
    return page.locator("form.filter output").inner_text()


# --- It opens -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("backorders", [0, 60, MANY])
def test_the_page_opens_on_a_phone_and_on_a_desk(open_page: Opener, backorders: int, width: int) -> None:
    page = open_page(source(backorders), width=width)
    expect(page.locator("h1")).to_have_text("Backorders")
    assert fits(page)
    assert elements(page) < MOST_ELEMENTS


def test_the_page_of_the_sample_run_opens(open_page: Opener, sample: Path) -> None:
    page = open_page((sample / "report.html").read_text(encoding="utf-8"))
    summary = json.loads((sample / "summary.json").read_text(encoding="utf-8"))
    assert count(page) == f"{sum(summary['backorders'].values())} names"
    shown = page.locator("#to-do").text_content() or ""
    to_do = {finding["domain"] for finding in summary["findings"] if finding["status"] == "open"} - {None}
    assert [domain for domain in to_do if domain not in shown] == []
    assert fits(page)
    assert violations(page) == []


def test_an_account_that_nobody_used_is_told_how_it_begins(open_page: Opener) -> None:
    page = open_page(source(0))
    expect(page.locator("#lists")).to_contain_text("put one into the lists bucket")
    assert page.locator("table").count() == 0


# --- Tables ---------------------------------------------------------------------------------------


def test_all_names_are_sorted_by_the_column_that_is_chosen(open_page: Opener) -> None:
    page = open_page(source(60))
    by_name = page.get_by_role("columnheader", name="Name", exact=True)
    for direction in ("ascending", "descending", "ascending"):
        by_name.get_by_role("button").click()
        expect(by_name).to_have_attribute("aria-sort", direction)
        shown = names(page)
        assert len(shown) == ROWS
        assert shown == sorted(shown, reverse=direction == "descending")
    page.get_by_role("columnheader", name="Fee", exact=True).get_by_role("button").click()
    expect(by_name).not_to_have_attribute("aria-sort", re.compile("."))
    fees = page.locator("#all-names tbody td:nth-child(5)").all_inner_texts()
    assert fees == sorted(fees, reverse=True)
    assert len(set(fees)) == 2


def test_the_small_tables_sort_numbers_as_numbers(open_page: Opener) -> None:
    page = open_page(source(600))
    lost = page.locator("#outcomes .halves > div:last-child table").get_by_role("columnheader", name="Lost")
    cells = page.locator("#outcomes .halves > div:last-child tbody tr td:nth-child(3)")
    lost.get_by_role("button").click()
    expect(lost).to_have_attribute("aria-sort", "descending")
    numbers = [int(each) for each in cells.all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    lost.get_by_role("button").click()
    assert [int(each) for each in cells.all_inner_texts()] == numbers[::-1]


def test_a_table_is_sorted_from_the_keyboard(open_page: Opener) -> None:
    page = open_page(source(60))
    header = page.get_by_role("columnheader", name="Name", exact=True)
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")


def test_names_are_found_by_what_is_typed_and_by_state(open_page: Opener) -> None:
    world = worlds.busy(600)
    page = open_page(html(view(**world)))
    assert count(page) == "600 names"
    wanted = world["backorders"][417].domain
    page.get_by_label("Find").fill(wanted.upper())
    assert names(page) == [wanted]
    assert count(page) == "1 name"
    page.get_by_label("Find").fill("no such name")
    assert (names(page), count(page)) == ([], "0 names")
    page.get_by_label("Find").fill("")
    for group in ("won", "missed", "waiting"):
        page.get_by_label("State").select_option(group)
        expected = sum(GROUPS[backorder.state] == group for backorder in world["backorders"])
        assert count(page) == f"{expected} names"
        assert page.locator("#all-names tbody tr").count() == min(expected, ROWS)
    page.get_by_label("State").select_option("won")
    page.get_by_label("Find").fill(".net")
    expected = sum(b.state is State.SUCCESSFUL and b.zone == "net" for b in world["backorders"])
    assert count(page) == f"{expected} names"


def test_a_filter_holds_while_the_table_is_sorted(open_page: Opener) -> None:
    page = open_page(source(600))
    page.get_by_label("Find").fill(".net")
    found = count(page)
    page.get_by_role("columnheader", name="Name", exact=True).get_by_role("button").click()
    assert count(page) == found
    assert all(name.endswith(".net") for name in names(page))


def test_of_many_names_one_page_at_a_time_is_in_the_document(open_page: Opener) -> None:
    page = open_page(source(MANY))
    following = page.get_by_role("button", name="Next")
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    first = names(page)
    following.click()
    second = names(page)
    assert len(first) == len(second) == ROWS
    assert not set(first) & set(second)
    expect(page.locator(".pages span")).to_have_text("51 to 100 of 20,000")
    page.get_by_role("columnheader", name="Deadline").get_by_role("button").click()
    page.get_by_label("Find").fill("amber")
    expect(page.locator(".pages span")).to_have_text("1 to 50 of 2,000")
    back_again = elements(page)
    page.get_by_label("Find").fill("")
    assert count(page) == "20,000 names"
    assert max(back_again, elements(page)) < MOST_ELEMENTS


# --- The chart ------------------------------------------------------------------------------------


def test_the_chart_says_its_numbers_to_the_keyboard_and_to_the_pointer(open_page: Opener) -> None:
    page = open_page(source(600))
    chart = page.locator("#funding svg").first
    told = page.locator("#funding .readout")
    chart.focus()
    expect(told).to_have_text(re.compile(r"^24 Nov · capacity [\d,]+\.\d\d · drawn [\d,]+\.\d\d · needed"))
    page.keyboard.press("ArrowLeft")
    expect(told).to_have_text(re.compile("^23 Nov · "))
    chart.hover(position={"x": 2, "y": 50})
    expect(told).to_have_text(re.compile("^27 Oct · "))


def test_behind_each_chart_is_a_table_with_its_numbers(open_page: Opener) -> None:
    page = open_page(source(600))
    charts = page.locator("figure.chart")
    assert charts.count() == 2
    for n in range(charts.count()):
        behind = charts.nth(n).locator("xpath=following-sibling::details[1]")
        behind.locator("summary").click()
        expect(behind.get_by_role("table")).to_be_visible()
        assert behind.locator("tbody tr").count() > 5


# --- For everyone ---------------------------------------------------------------------------------


def violations(page: Page) -> list[str]:
    """What axe-core finds, as rule and element."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("backorders", [0, 60])
def test_no_one_is_left_out(open_page: Opener, backorders: int, width: int, dark: bool) -> None:
    page = open_page(source(backorders), width=width, dark=dark)
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    assert violations(page) == []


def test_on_paper_there_is_nothing_to_press(open_page: Opener) -> None:
    page = open_page(source(60), dark=True)
    page.emulate_media(media="print")
    for control in page.locator("nav, form.filter, .pages button").all():
        expect(control).to_be_hidden()
    expect(page.locator(".pages span")).to_have_text("1 to 50 of 60")  # so that nobody takes these for all
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    hidden = page.locator(".task details").all()
    assert hidden, "some tasks are folded on the screen"
    for more in hidden:
        expect(more).to_have_attribute("open", "")


def test_on_paper_no_table_is_cut_off(open_page: Opener) -> None:
    page = open_page(source(60), width=722)  # of a sheet of Letter without its margins
    page.emulate_media(media="print")
    wider = """[...document.querySelectorAll(".scroll, .halves > *")]
      .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent.trim().slice(0, 40))"""
    assert page.evaluate(wider) == []


# --- Hostile texts --------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_that_a_list_or_the_provider_says_becomes_part_of_the_page(open_page: Opener, hostile: str) -> None:
    page_of = view(**worlds.busy(60))
    harmless = open_page(html(page_of))
    poisoned = open_page(html(with_texts(page_of, lambda _: f"\u05d0{hostile}x")))
    tags = "[...document.querySelectorAll('body *')].map(each => each.tagName).filter(tag => tag !== 'OPTION').join()"
    assert poisoned.evaluate(tags) == harmless.evaluate(tags)
    loose = poisoned.evaluate(
        """() => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), loose = [];
          while (walker.nextNode()) {
            const { data, parentElement } = walker.currentNode;
            if (data.includes("\\u05d0") && !parentElement.closest("bdi, script")) loose.push(data);
          }
          return loose;
        }"""
    )
    assert loose == []
    assert poisoned.evaluate("getComputedStyle(document.querySelector('#all-names bdi')).unicodeBidi") == "isolate"


def test_the_policy_is_in_force(open_page: Opener) -> None:
    page = open_page(source(60))
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.intruded = true";
          document.body.append(script);
          document.body.append(Object.assign(document.createElement("img"), { src: "https://example.com/seen.png" }));
        }"""
    )
    assert page.evaluate("window.intruded") is None
    assert len(open_page.complaints) == 2
    assert all("Content Security Policy" in complaint for complaint in open_page.complaints)
    open_page.complaints.clear()
    open_page.requests.clear()  # of the picture, which the policy has stopped
