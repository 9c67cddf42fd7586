# ruff: noqa: RUF001 - titles in many alphabets
"""What the columns of a list are called, and what they mean: the names that registries, drop catchers and marketplaces
publish (docs/lists.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache, lru_cache
from itertools import product

from ingestion.reading.code_pages import PAGES
from ingestion.reading.encodings import text_in
from ingestion.reading.entries import column_name
from ingestion.reading.formats.dates import named_zone

_NAMES = (
    *("domain", "domain name", "domainname", "domains", "domain names", "domainnames", "fqdn", "fqdns"),
    # As registries and marketplaces around the world call it.
    *("domäne", "domänen", "domänenname", "domain-name", "domainnamen", "domain-namen"),
    *("nom de domaine", "noms de domaine", "nom domaine", "domaine", "domaines"),
    *("dominio", "dominios", "nombre de dominio", "nombres de dominio", "nombre dominio", "domini", "nom de domini"),
    *("nome a dominio", "nomi a dominio", "nome di dominio", "nome dominio", "nome del dominio"),
    *("domínio", "domínios", "nome de domínio", "nome do domínio", "nomes de domínio"),
    *("domein", "domeinen", "domeinnaam", "domeinnamen"),
    *("domena", "domeny", "nazwa domeny", "nazwy domen", "nazwa domenowa", "domene", "naziv domene", "ime domene"),
    *("doména", "domény", "název domény", "jméno domény", "doménové jméno", "názov domény", "doménové meno"),
    *("domainnév", "domain név", "domén", "doménnév", "domeniu", "domenii", "nume de domeniu", "nume domeniu"),
    *("domän", "domäner", "domännamn", "domæne", "domæner", "domænenavn", "domenenavn", "domener", "lén"),
    *("verkkotunnus", "verkkotunnukset", "domeen", "domeeninimi", "domeeninimed"),
    *("domēns", "domēna vārds", "domenas", "domenai", "domeno vardas", "domeno pavadinimas"),
    *("alan adı", "alan adları", "domain adı", "όνομα χώρου", "όνομα τομέα", "ονόματα χώρου"),
    *("домен", "домены", "доменное имя", "доменные имена", "имя домена", "домени", "доменне ім'я", "доменні імена"),
    *("домейн", "домейни", "име на домейн", "домејн", "домејни", "назив домена", "назив на домен"),
    *("域名", "域名名称", "網域", "網域名稱", "网域", "ドメイン", "ドメイン名", "도메인", "도메인명", "도메인 이름"),
    *("tên miền", "nama domain", "النطاق", "اسم النطاق", "دامنه", "שם מתחם", "דומיין", "שם דומיין"),
    # What else a name may be called, where no column is called by one of these.
    *("dropping domain", "expiring domain", "deleted domain", "host", "hostname", "name", "names", "nazwa", "nome"),
    *("nombre", "nom", "název", "názov", "naziv", "namn", "navn", "имя", "название", "име"),
)
"""What a column of names is called; the first of these that is there."""
_ADDRESSES = ("url", "urls", "website", "link", "site")
"""The same, where there is none of those: but what has one host in all rows is a marketplace's."""
_DROPS = (
    *("drop date", "dropdate", "drop time", "droptime", "drop day", "release at", "release date"),
    *("date available", "available date", "end time", "delete date", "deletion date", "drop", "drops", "dropping on"),
    # The day on which a list of NameJet's can be joined for the last time is that of the drop.
    *("join by date", "join by", "löschdatum", "data usunięcia", "datum uvolnění", "fecha de liberación"),
    *("fecha de eliminación", "data de liberação", "data di rilascio", "date de libération"),
)
_TIMES = ("drop time", "droptime", "time", "release time", "delete time", "deletion time")
"""What the time is called that belongs to a date in another column. Beside one of these, a mere `date` is one of a
drop; alone it may be the date of anything."""
_DATE = "date"
_FINALIZATIONS = ("finalizationdate", "finalization date")
_PRIORITIES = ("priority",)
_PRICES = ("max price", "maxprice")
_NOTES = ("note", "notes", "comment")

_zone_beside = re.compile(r"(.+?)(?: \(([a-z]{2,4})\)| (utc|gmt))").fullmatch
"""`end time (utc)`."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column, by its `column_name`, holds what; None where a list has no such column."""

    name: str
    drop: str | None
    time: str | None
    """The time of the drop, where its date stands alone in `drop`."""
    drop_zone: tzinfo | None
    """Of times without one, where a column's name says it."""
    finalization: str | None
    priority: str | None
    price: str | None
    note: str | None
    known: frozenset[str]
    """The columns that have a role; the others are the rules' matter."""


NAME_TITLES = frozenset({*_NAMES, *_ADDRESSES})
"""What may stand above a list that has nothing but names."""


@cache
def _garbled() -> Mapping[str, str]:
    """Titles as they look in the wrong code page: nobody knows yet in which one a list is, when its header is read."""
    found: dict[str, str] = {}
    for title in (title for title in NAME_TITLES if not title.isascii()):
        for written, page in product({title, title.capitalize(), title.title(), title.upper()}, PAGES):
            with suppress(UnicodeEncodeError):
                raw = written.encode(page)
                found.update((column_name(text_in(raw, shown)), title) for shown in PAGES)
    return found


def known_title(column: str) -> str:
    """A column's name in its right letters, where it is one of names."""
    if column.isascii() or column in NAME_TITLES:
        return column
    return _garbled().get(column, column)


@lru_cache(maxsize=256)
def roles_of(columns: Sequence[str], *, addresses: bool = True) -> Roles | None:
    """The roles of a tuple of column names; None if no column holds names. `addresses`: one of URLs may."""

    def first(called: Sequence[str]) -> str | None:
        return next((name for name in called if name in columns), None)

    known = {known_title(column): column for column in reversed(columns)}
    name = next((known[title] for title in _NAMES if title in known), None)
    name = name or (first(_ADDRESSES) if addresses else None)
    if name is None:
        return None
    drop, time, zone = _drop(columns)
    finalization, priority, price, note = map(first, (_FINALIZATIONS, _PRIORITIES, _PRICES, _NOTES))
    taken = frozenset({name, drop, time, finalization, priority, price, note} - {None})
    return Roles(name, drop, time, zone, finalization, priority, price, note, taken)  # type: ignore[arg-type]


def _drop(columns: Sequence[str]) -> tuple[str | None, str | None, tzinfo | None]:
    bare: dict[str, tuple[str, tzinfo | None]] = {}
    for column in reversed(columns):
        beside = _zone_beside(column)
        zone = named_zone(beside[2] or beside[3]) if beside else None
        bare[beside[1] if beside and zone else column] = (column, zone)
    drop = next((name for name in _DROPS if name in bare), None)
    time = next((name for name in _TIMES if name in bare), None)
    if time is not None and _DATE in bare and drop in (None, time):
        drop = _DATE
    if drop is None:
        return None, None, None
    column, zone = bare[drop]
    if time is None or time == drop or drop.endswith("time"):
        return column, None, zone
    return column, bare[time][0], bare[time][1] or zone
