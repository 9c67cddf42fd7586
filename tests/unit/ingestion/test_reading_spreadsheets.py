# ruff: noqa: RUF001 - headers in many alphabets are what this is about
"""Lists as spreadsheets and marketplaces around the world write them: headers, comments, ranks, numbers and dates."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.domains import parse_domain
from ingestion.reading import Entry, LeftOut, Reject, read_lists
from ingestion.reading.formats.columns import NAME_TITLES

NAMES = ("solarroof.com", "garden-hub.net", "café-24.com", "1and1app.org")
DELIMITERS = (",", ";", "\t", "|")
HEADERS = sorted(title for title in NAME_TITLES if title not in ("url", "urls", "website", "link", "site"))


def read(content: str | bytes) -> list[Entry | Reject]:
    [found] = read_lists(io.BytesIO(content.encode() if isinstance(content, str) else content))
    return [item for item in found.items if not isinstance(item, LeftOut)]


def names(items: Sequence[Entry | Reject]) -> list[str]:
    """What is read; of a reject, its reason in brackets."""
    return [item.domain.name if isinstance(item, Entry) else f"[{item.line}: {item.reason}]" for item in items]


def table(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str, end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([header, *rows])
    return text.getvalue()


EXPECTED = [parse_domain(name).name for name in NAMES]
cells = st.text("abc xyz", min_size=1, max_size=8)


@given(
    st.sampled_from(HEADERS),
    st.sampled_from([str, str.title, str.upper, str.capitalize]),
    st.sampled_from(DELIMITERS),
    st.booleans(),
    st.sampled_from(["", "My names\n", "01/10/26 03:00:16 GMT-6\n", "\nMonday\n2026-11-24\n\n"]),
)
def test_a_column_of_names_is_known_in_every_language(
    title: str, cased: Callable[[str], str], delimiter: str, last: bool, above: str
) -> None:
    written = cased(title)
    # Turkish and Greek have letters that are another word in capitals.
    if " ".join(written.lower().split()) != title:
        written = title
    rows = [(name, str(n)) for n, name in enumerate(NAMES)]
    header = (written, "BL")
    if last:
        rows, header = [row[::-1] for row in rows], header[::-1]
    assert names(read(above + table(header, rows, delimiter))) == EXPECTED


@pytest.mark.parametrize(
    ("title", "page"),
    [
        *(
            ("Домен", "cp1251"),
            ("ДОМЕН", "cp1251"),
            ("Доменное имя", "koi8-r"),
            ("Domäne", "cp1252"),
            ("Doména", "cp1250"),
        ),
        *(
            ("Domän", "cp1252"),
            ("Όνομα χώρου", "cp1253"),
            ("域名", "gb18030"),
            ("網域名稱", "big5"),
            ("ドメイン", "cp932"),
        ),
        *(("도메인", "cp949"), ("Alan adı", "cp1254"), ("Domēns", "cp1257")),
    ],
)
def test_a_header_is_known_in_a_code_page_that_nobody_declared(title: str, page: str) -> None:
    text = f"{title};note\r\nsolarroof.com;x\r\ngarden-hub.com;y\r\n"
    assert names(read(text.encode(page))) == ["solarroof.com", "garden-hub.com"]
    assert names(read(f"{title}\r\nsolarroof.com\r\n".encode(page))) == ["solarroof.com"]


@given(
    st.sampled_from([title for title in HEADERS if title.startswith("dom")]),
    st.sampled_from(["URL", "Link", "Website"]),
)
def test_a_column_of_names_goes_before_one_of_addresses(title: str, address: str) -> None:
    for header in ((title, address), (address, title)):
        rows = [(name, f"https://www.dan.com/buy-domain/{name}") for name in NAMES]
        found = read(table(header, rows if header[0] == title else [row[::-1] for row in rows], ","))
        assert names(found) == EXPECTED


def test_addresses_that_are_all_at_one_place_are_no_names() -> None:
    rows = [(f"https://www.dan.com/buy-domain/{name}", "5") for name in NAMES]
    assert all(isinstance(item, Reject) for item in read(table(("URL", "BL"), rows, ",")))
    rows = [(f"https://www.{name}/", "5") for name in NAMES if name != "café-24.com"]
    assert names(read(table(("URL", "BL"), rows, ","))) == [name for name in NAMES if name != "café-24.com"]


@given(
    st.sampled_from(DELIMITERS),
    st.sampled_from(["", "#", "Rank", "# ", "No.", "//"]),
    st.sampled_from(["", "#{}", "# {}", "{}", "//{}", "; {}"]),
)
def test_a_row_is_a_row_whatever_stands_before_its_name(delimiter: str, title: str, rank: str) -> None:
    """An empty first column, or a rank: what begins a comment in a plain list does not do so in a table."""
    rows = [(rank.format(n), name, "5") for n, name in enumerate(NAMES, start=1)]
    assert names(read(table((title, "Domain", "priority"), rows, delimiter))) == EXPECTED


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("sign", ["#", "//", ";"])
def test_a_comment_in_a_table_is_none_of_its_rows(delimiter: str, sign: str) -> None:
    if sign == delimiter:
        return
    text = table(("BL", "Domain"), [("3", name) for name in NAMES], delimiter)
    commented = text.replace("3", f"{sign} bought by Jane on Monday{delimiter} or not\r\n3", 1)
    assert names(read(commented)) == EXPECTED
    first = table(("Domain", "BL"), [("solarroof.com", "3")], delimiter)
    assert names(read(f"{first}{sign}garden-hub.com{delimiter}5\r\n")) == ["solarroof.com"]


def test_what_is_no_name_in_a_row_that_begins_like_a_comment_is_rejected_and_not_lost() -> None:
    assert names(read("Rank,Domain\n#1,john_doe.com\n#2,jane.com\n")) == ["[2: contains an underscore]", "jane.com"]
    assert names(read(";domain\n;john_doe.com\n;jane.com\n;;\n")) == ["[2: contains an underscore]", "jane.com"]


@pytest.mark.parametrize("comment", ["; domain", "# name, or not", "// domain; priority", "#domain", "; domain; name"])
def test_a_comment_above_plain_names_is_no_header(comment: str) -> None:
    assert names(read(f"{comment}\nsolarroof.com\ngarden-hub.com\n")) == ["solarroof.com", "garden-hub.com"]


@pytest.mark.parametrize("title", ["Domain", "domains", "Dominio", "Domain Name", "Домен", "fqdn"])
@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_a_quoted_header_of_one_column_is_a_header(title: str, quote: str) -> None:
    text = "".join(f"{quote}{cell}{quote}\r\n" for cell in (title, "solarroof.com", "garden-hub.com"))
    assert names(read(text)) == ["solarroof.com", "garden-hub.com"]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("$69.00", "69"),
        ("69,00", "69"),
        ("1,250", "1250"),
        ("1.2K", "1200"),
        ("USD 700", "700"),
        ("€ 80", "80"),
        ("", None),
    ],
)
def test_a_price_is_read_as_it_is_written(written: str, amount: str | None) -> None:
    [found] = read(table(("domain", "max price"), [("solarroof.com", written)], ";"))
    assert isinstance(found, Entry)
    assert found.max_price == (None if amount is None else Decimal(amount))


def test_a_price_that_may_be_two_is_rejected_with_both() -> None:
    [found] = read("domain;max price\nsolarroof.com;1.250\n")
    assert isinstance(found, Reject)
    assert found.reason == "max price '1.250' may be 1.250 or 1250: write it as 59.00"


FORMS = (
    *(
        "{d}. {m}. {y}",
        "{y}. {m:02}. {d:02}.",
        "{d:02}.{m:02}.{y}.",
        "{d:02}.{m:02}.{y} г.",
        "{d}.{m}.{y}",
        "{y}-{m:02}-{d:02}",
    ),
    *("{y}年{m}月{d}日",),
)


@given(
    st.dates(date(2020, 1, 1), date(2090, 12, 31)),
    st.sampled_from(FORMS),
    st.sampled_from(["drop date", "Drop", "Join By Date (ET)", "Delete Date"]),
    st.sampled_from(["utf-8", "cp1251", "koi8-r", "utf-16"]),
    st.sampled_from([";", "\t"]),
)
def test_a_day_is_read_as_its_country_writes_it(
    day: date, form: str, title: str, encoding: str, delimiter: str
) -> None:
    written = form.format(d=day.day, m=day.month, y=day.year)
    if "年" in form and encoding not in ("utf-8", "utf-16"):
        encoding = "utf-8"
    found = read(table(("domain", title), [("solarroof.com", written)], delimiter).encode(encoding))
    assert [item.drop_day if isinstance(item, Entry) else item for item in found] == [day]
    found = read(f"solarroof.com{delimiter}{written}\ngarden-hub.com{delimiter}{written}\n".encode(encoding))
    if "年" not in form:
        assert [item.drop_day if isinstance(item, Entry) else item for item in found] == [day, day]


def test_any_column_may_come_first() -> None:
    chance = random.Random(1)
    for _ in range(20):
        header = ["Domain", "Valuation", "URL", "Drop", "#"]
        row = {
            "Domain": "solarroof.com",
            "Valuation": "$1,250",
            "URL": "https://x.com/1",
            "Drop": "27. 11. 2026",
            "#": "1",
        }
        chance.shuffle(header)
        [found] = read(table(header, [[row[title] for title in header]], chance.choice(DELIMITERS)))
        assert isinstance(found, Entry)
        assert (found.domain.name, found.drop_day) == ("solarroof.com", date(2026, 11, 27))
        assert found.columns["valuation"] == "$1,250"
