# ruff: noqa: RUF001 - letters of many alphabets are what this is about
"""Lists as people around the world write them, from one seed: in a code page or not, with titles, comments, ranks,
headers, dates and amounts of any country. What each is to give is known: no other name, and none lost."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

from backorder.domain.domains import Domain, parse_domain
from ingestion.reading.code_page_names import reading
from ingestion.reading.formats.columns import NAME_TITLES

ENCODINGS = (
    *("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", *(f"cp125{last}" for last in range(9))),
    *(f"iso8859_{part}" for part in (1, 2, 5, 7, 9, 13, 15)),
    *("koi8_r", "koi8_u", "gb18030", "gbk", "big5", "shift_jis", "euc_kr"),
)
WORDS = (
    *("solar", "garden", "moto", "hub", "shop", "1and1", "24", "roof", "x"),
    *(
        "bücher",
        "straße",
        "grün",
        "mąka",
        "złoto",
        "świt",
        "kůň",
        "žena",
        "ťava",
        "şeker",
        "ığdır",
        "ağaç",
        "œuvre",
        "señor",
    ),
    *(
        "пример",
        "магазин",
        "ёлка",
        "їжак",
        "цвят",
        "ελλάδα",
        "νερό",
        "שלום",
        "مرحبا",
        "中国",
        "學習",
        "网店",
        "テスト",
        "すし",
    ),
    *("한국", "서울", "øl", "ålesund", "vietnam", "žuvis", "õun", "țară", "cafè"),
)
ZONES = ("com", "com", "net", "pl", "de", "co.uk", "gr", "рф", "cz", "com.tr")
_TITLES = sorted(title for title in NAME_TITLES if title not in ("url", "urls", "link", "site", "website"))
_DAYS = ("27. 11. 2026", "2026. 12. 04.", "04.12.2026.", "27.11.2026 г.", "2026-11-27", "11/27/2026", "27 Nov 2026", "")
_PRICES = ("$69.00", "1,250", "1.2K", "USD 700", "€ 80", "69,00", "", "1 250,00 zł")
_ABOVE = (
    "",
    "",
    "My names\n",
    "# a comment\n",
    "; another\n",
    "01/10/26 03:00:16 GMT-6\n",
    "// x\n\n",
    "Список доменов 2026\n",
)
_NOTES = ("", "dringend – bis 70 €", "für später", "a, b; c", "zobacz www.przykład.pl", "срочно", "x | y", "# 1", "ok.")


@dataclass(frozen=True, slots=True)
class Written:
    """A list, and the names on it, in ASCII, in their order."""

    what: str
    content: bytes
    names: tuple[str, ...]
    is_utf8_by_chance: bool = False
    """Then nothing tells it from another list."""


def written(chance: random.Random) -> Written:
    """One list."""
    encoding = chance.choice(ENCODINGS)
    names = [name for _ in range(60) if (name := _name(chance)) and _fits(name, encoding)][: chance.randrange(1, 25)]
    names = names or ["solarroof.com"]
    form = chance.choice((_plain, _table, _table))
    text = form(chance, names, encoding)
    text = "".join(letter if _fits(letter, encoding) else "?" for letter in text)
    ends = chance.choice(("\n", "\r\n"))
    content = text.replace("\r\n", "\n").replace("\n", ends).encode(encoding)
    by_chance = not encoding.startswith("utf") and not content.isascii() and _is_utf8(content)
    names_in_ascii = tuple(parse_domain(name).name for name in names)
    return Written(f"{form.__name__[1:]} in {encoding}", content, names_in_ascii, by_chance)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _name(chance: random.Random) -> str | None:
    words = [chance.choice(WORDS) for _ in range(chance.choice((1, 1, 2)))]
    # Names have one alphabet between hyphens (ICANN's guidelines): whoever mixes them cannot be told from another page.
    label = chance.choice(("-", "-" if len(set(map(str.isascii, words))) > 1 or not words[0].isascii() else "")).join(
        words
    )
    label = chance.choice((str, str, str, str, str.capitalize, str.upper))(label)
    name = f"{label}.{chance.choice(ZONES)}"
    # What no registry takes, such as Cyrillic under .tr, is on no list.
    return name if isinstance(reading(name.encode(), "utf-8"), Domain) else None


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _plain(chance: random.Random, names: Sequence[str], _encoding: str) -> str:
    around = chance.choice(("{}", "{}", '"{}"', "{} # mine", "http://{}/", "{}.", " {} "))
    rows = (f"{around.format(name)}\n{chance.choice(('', '', '', '# x', '; y', ''))}\n" for name in names)
    return chance.choice(_ABOVE) + "".join(rows).replace("\n\n", "\n")


def _table(chance: random.Random, names: Sequence[str], encoding: str) -> str:
    title = chance.choice([title for title in _TITLES if _fits(title, encoding)])
    day, price = chance.choice(_DAYS), chance.choice(_PRICES)
    columns = {
        title: list(names),
        chance.choice(("drop date", "Drop", "Delete Date", "Ende")): [day] * len(names),
        chance.choice(("max price", "Valuation")): [price] * len(names),
        chance.choice(("note", "Notiz", "Заметка")): [chance.choice(_NOTES) for _ in names],
        chance.choice(("", "#", "Rank")): [chance.choice(("", f"#{n}", f"{n}", f"// {n}")) for n in range(len(names))],
        chance.choice(("URL", "Link")): [f"https://www.dan.com/buy-domain/{n}" for n in range(len(names))],
    }
    order = [title, *chance.sample([other for other in columns if other != title], chance.randrange(5))]
    chance.shuffle(order)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=chance.choice(",;\t|"), lineterminator="\n")
    writer.writerow([heading.capitalize() if heading.isascii() else heading for heading in order])
    writer.writerows(zip(*(columns[heading] for heading in order), strict=True))
    return chance.choice(_ABOVE) + text.getvalue()
