# ruff: noqa: RUF001 - letters of many alphabets are what this is about
"""Lists in code pages that nobody declared: never a wrong name, and every other one rejected with what it may be."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from backorder.domain.domains import NotADomain, parse_domain
from ingestion.reading import Entry, LeftOut, ReadList, Reject, read_lists
from ingestion.scoring.words import _list

LANGUAGES = (
    *("ar", "bg", "ca", "cs", "da", "de", "el", "es", "fr", "he", "hu", "ja", "ko", "lt"),
    *("lv", "mk", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi", "zh"),
)
CODE_PAGES = (
    *(f"cp125{last}" for last in range(9)),
    *(f"iso8859_{part}" for part in (1, 2, 5, 7, 9, 13, 15)),
    *("koi8_r", "koi8_u", "gb18030", "gbk", "big5", "cp950", "shift_jis", "cp932", "euc_kr", "cp949"),
)
_SHARE = 0.4
"""A code page is one for a language if so many of its words can be written in it."""


@cache
def words(language: str) -> tuple[str, ...]:
    return tuple(
        word for _, listed in _list(language, 330) for word in listed if word.isalpha() and not word.isascii()
    )[:400]


@cache
def written_in(language: str, page: str) -> tuple[str, ...]:
    """The words that a code page has all letters of; none if these are few."""
    found = tuple(word for word in words(language) if _can_be_written(word, page))
    return found if len(found) > _SHARE * len(words(language)) else ()


def _can_be_written(word: str, page: str) -> bool:
    try:
        return word.encode(page).decode(page) == word
    except UnicodeEncodeError:
        return False


PAIRS = [(language, page) for language in LANGUAGES for page in CODE_PAGES]


@dataclass(frozen=True)
class Written:
    """A list in a code page."""

    content: bytes
    names: tuple[str, ...]
    """In ASCII."""


def drawn(chance: random.Random, language: str, page: str, size: int) -> Written:
    """Names of one or two words, with capitals where people put them; as plain text or as a table with notes."""
    names: list[str] = []
    while len(names) < size:
        label = _label(chance, written_in(language, page))
        try:
            parse_domain(f"{label}.com")
            label.encode(page)
        except (NotADomain, UnicodeEncodeError):
            continue
        names.append(f"{label}.{chance.choice(('com', 'net', 'org'))}")
    if chance.random() < 0.5:
        text = "".join(f"{name}\r\n" for name in names)
    else:
        delimiter = chance.choice(",;\t")
        note = chance.choice(written_in(language, page))
        rows = (delimiter.join((str(n % 11), name, note)) for n, name in enumerate(names))
        text = "\r\n".join((delimiter.join(("priority", "domain", "note")), *rows, ""))
    return Written(text.encode(page), tuple(parse_domain(name).name for name in names))


def _label(chance: random.Random, found: tuple[str, ...]) -> str:
    word = chance.choice(found)
    label = chance.choice(
        (word, word, f"{word}-{chance.choice(found)}", f"{word}-shop", f"{word}{chance.choice(found)}")
    )
    return chance.choice((*(str,) * 8, str.capitalize, str.upper))(label)


def read(content: bytes, encoding: str | None = None) -> tuple[ReadList, list[Entry | Reject]]:
    [found] = read_lists(io.BytesIO(content), encoding=encoding)
    return found, [item for item in found.items if not isinstance(item, LeftOut)]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read_of(written: Written) -> int:
    """How many of its names are read. Fails if one is another, or lost. A list that is valid UTF-8 by chance is none of
    these: it is read as UTF-8."""
    if _is_utf8(written.content):
        return 0
    _, items = read(written.content)
    names = [item.domain.name for item in items if isinstance(item, Entry)]
    wrong = Counter(names) - Counter(written.names)
    assert not wrong, (written.content, wrong)
    assert len(items) == len(written.names), written.content
    return len(names)


def shares(pairs: Iterable[tuple[str, str]], sizes: tuple[int, int], seed: int, lists: int = 1) -> Iterator[str]:
    """How much of lists in these languages and pages is read."""
    chance = random.Random(seed)
    for language, page in pairs:
        if written_in(language, page):
            drawn_lists = [drawn(chance, language, page, chance.randint(*sizes)) for _ in range(lists)]
            share = sum(map(read_of, drawn_lists)) / sum(len(each.names) for each in drawn_lists)
            yield f"{language} {page} {share:.0%}"


def test_no_list_in_any_code_page_gives_a_name_that_is_not_on_it() -> None:
    print(f"\nread: {', '.join(shares(random.Random(1).sample(PAIRS, 200), (2, 5), seed=1))}")  # noqa: T201


@pytest.mark.soak
@pytest.mark.parametrize("sizes", [(1, 1), (3, 8), (20, 40)])
def test_no_list_of_many_in_any_code_page_gives_a_name_that_is_not_on_it(sizes: tuple[int, int]) -> None:
    print(f"\nread: {', '.join(shares(PAIRS, sizes, seed=2, lists=30))}")  # noqa: T201


def told(content: bytes, encoding: str | None = None) -> list[tuple[int, str]]:
    """Line and name, or line and reason."""
    _, items = read(content, encoding)
    return [(item.line, item.domain.name if isinstance(item, Entry) else item.reason) for item in items]


def test_a_letter_that_two_pages_tell_otherwise_is_rejected_and_the_others_of_the_list_are_read() -> None:
    content = "domain;priority\r\nmąka-shop.pl;5\r\nzłoto-shop.com;5\r\ngarden-hub.com;5\r\n".encode("cp1250")
    remedy = "save the list as UTF-8, or say its encoding"
    assert told(content) == [
        (
            2,
            "may be mąka-shop.pl (Central European, windows-1250) or mška-shop.pl (Central European, ISO-8859-2): "
            + remedy,
        ),
        (3, parse_domain("złoto-shop.com").name),
        (4, "garden-hub.com"),
    ]
    found, items = read(content)
    assert found.encoding == "windows-1250 or ISO-8859-2"
    assert isinstance(items[0], Reject)
    assert items[0].text == "m\\xb9ka-shop.pl;5"
    assert items[0].kind == "is in an encoding that is not certain"


@pytest.mark.parametrize("begins", ["1", "// 0", "# 0"])
def test_a_table_whose_header_begins_like_a_comment_is_one_though_its_names_cannot_be_read(begins: str) -> None:
    name = bytes.fromhex("c7d5c7c8c7c7c8c7d0c7d1c7d6") + b"-hub.com"  # in Big5, and in nothing else for sure
    ((line, text),) = told(b"#;Note;Domain\r\n" + begins.encode() + b";sale;" + name + b"\r\n")
    assert (line, "save the list as UTF-8" in text) == (2, True)


def test_one_name_of_the_list_may_decide_for_all() -> None:
    content = "mąka-shop.pl\nświt.pl\n".encode("cp1250")
    assert [name for _, name in told(content)] == [parse_domain("mąka-shop.pl").name, parse_domain("świt.pl").name]
    assert read(content)[0].encoding == "windows-1250"


def test_what_may_be_in_two_alphabets_is_rejected_with_both() -> None:
    [(line, reason)] = told("domain;priority\r\nпример-shop.com;5\r\n".encode("cp1251"))
    assert line == 2
    assert "пример-shop.com (Cyrillic, windows-1251)" in reason
    assert "ïðèìåð-shop.com (Western, windows-1252)" in reason


@pytest.mark.parametrize(
    ("page", "mixed", "others"),
    [
        # Macedonian is written so at times, with a Latin è.
        ("gb18030", "одно-сè.org", ["сега.com", "со.net"]),
        ("cp1251", "webсад.com", ["дуд.com", "цуд.net"]),
    ],
)
def test_a_name_of_mixed_letters_does_not_make_other_names_of_the_whole_list(
    page: str, mixed: str, others: list[str]
) -> None:
    content = "".join(f"{name}\n" for name in [mixed, *others]).encode(page)
    for line, text in told(content)[1:]:
        assert f"may be {others[line - 2]} (" in text or f" or {others[line - 2]} (" in text


def test_a_zone_tells_of_the_alphabets_that_it_takes() -> None:
    assert told("ελλάδα.gr\n".encode("cp1253")) == [(1, parse_domain("ελλάδα.gr").name)]
    assert told("пример.рф\n".encode("cp1251")) == [(1, parse_domain("пример.рф").name)]


@pytest.mark.parametrize("page", ["cp1252", "cp1250", "latin-1"])
def test_names_in_ascii_are_read_whatever_stands_beside_them(page: str) -> None:
    text = "domain;max price;note\r\njohn.com;69,00;für später\r\njane.com;;äöü ß\r\n"
    assert told(text.encode(page)) == [(2, "john.com"), (3, "jane.com")]
    content = "domain;max price;note\r\njohn.com;69,00;bis 70 € ok – „dringend“\r\nbücher.de;;\r\n".encode("cp1252")
    assert told(content) == [(2, "john.com"), (3, "xn--bcher-kva.de")]
    _, [john, _] = read(content)
    assert isinstance(john, Entry)
    assert john.note == "bis 70 € ok – „dringend“"


def test_a_note_that_no_page_has_spoils_no_name() -> None:
    content = b"domain;note\njohn.com;\x81\x8d\xff\xfe. \xb9.de\njane.com;x\n"
    assert told(content) == [(2, "john.com"), (3, "jane.com")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("mąka.pl", "cp1250"),
        ("пример.com", "koi8-r"),
        ("ığdır.com", "windows-1254"),
        ("中国.com", "gb2312"),
        ("許功蓋.com", "big5"),
        ("テスト.com", "shift_jis"),
        ("한국.com", "euc-kr"),
        ("пример.com", "utf-8"),
        ("пример.com", "utf-16-le"),
        ("пример.com", "utf-16"),
        ("grün.de", "mac-roman"),
    ],
)
@pytest.mark.parametrize("form", ["{}\n", "domain,note\n{},x\n", '{{"domains": ["{}", "john.com"]}}'])
def test_what_is_declared_holds(text: str, encoding: str, form: str) -> None:
    from ingestion.reading.encodings import known_encoding

    _, items = read(form.format(text).encode(encoding), known_encoding(encoding))
    names = [item.domain.name for item in items if isinstance(item, Entry)]
    assert names[0] == parse_domain(text).name
    assert len(names) == len(items)


def test_a_mark_goes_before_what_is_declared() -> None:
    assert told("bücher.de\n".encode("utf-8-sig"), "cp1250") == [(1, "xn--bcher-kva.de")]
    assert told("bücher.de\n".encode("utf-16"), "cp1250") == [(1, "xn--bcher-kva.de")]


@pytest.mark.parametrize(
    "name", ["", "ascii", "klingon", "utf-7", "hz", "utf-32", "iso2022_jp", "cp037", "rot13", "hex"]
)
def test_an_encoding_in_which_ascii_is_not_ascii_is_none(name: str) -> None:
    from ingestion.reading.encodings import known_encoding

    assert known_encoding(name) is None


def test_what_contradicts_the_declaration_is_rejected_with_its_line() -> None:
    assert told("bücher.de\njohn.com\n".encode("cp1252"), "utf-8") == [(1, "is no valid UTF-8"), (2, "john.com")]
    assert told(b"b\x81cher.de\njohn.com\n", "cp1252") == [(1, "is no valid windows-1252"), (2, "john.com")]


def test_utf_8_with_damaged_lines_is_utf_8() -> None:
    names = [f"{word}-{n}.com" for n, word in enumerate(words("pl")[:50])]
    content = "\n".join(names).encode() + b"\nm\xb9ka.pl\n" + b"b\xc3.de\n"
    found, items = read(content)
    assert found.encoding == "UTF-8"
    assert [item.domain.name for item in items[:-2]] == [parse_domain(name).name for name in names]  # type: ignore[union-attr]
    assert [item.reason for item in items[-2:]] == ["is no valid UTF-8"] * 2  # type: ignore[union-attr]


def test_two_files_in_one_are_in_no_one_code_page() -> None:
    found, items = read("mąka-świt.pl\n".encode("cp1250") + "пример-ёж.com\n".encode("cp1251") + b"john.com\n")
    assert found.encoding == "no one code page"
    assert [type(item) for item in items] == [Reject, Reject, Entry]


def test_what_is_valid_utf_8_is_read_as_utf_8() -> None:
    """Also where the same bytes are a name in Chinese: of one short name, some in ten thousand are both."""
    for name in ("é.com", "bücher.de", "пример.com", "ѧ.com"):
        assert told(f"{name}\n".encode()) == [(1, parse_domain(name).name)]


def test_a_document_may_be_in_a_code_page() -> None:
    content = '{"data": [{"name": "bücher.se"}, {"name": "m\\u0105ka.se"}, {"name": "grün.se"}]}'.encode("latin-1")
    assert [name for _, name in told(content)] == [
        parse_domain(name).name for name in ("bücher.se", "mąka.se", "grün.se")
    ]
    [(_, reason), (_, john)] = told('["пример.com", "john.com"]'.encode("cp1251"))
    assert "пример.com (Cyrillic, windows-1251)" in reason
    assert john == "john.com"
