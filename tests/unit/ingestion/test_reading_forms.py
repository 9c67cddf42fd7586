"""The same names, whatever the form of the list that brings them."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backorder.domain.domains import parse_domain
from ingestion.reading import Entry, LeftOut, Reject, read_lists
from tools.fuzz.forms import CONTAINERS, ENCODINGS, FORMS, LINE_ENDS, Named, Names, invented

NASK = sorted((Path(__file__).parents[4] / "shared" / "lists" / "nask").glob("*.txt"))
NO_LISTS = "../shared/lists/nask is not there: the real lists are not part of the project"

DAYS = {"bardate", "bardate-json", "park-io", "export-day"}
UNDATED = {"plain", "untidy", "capitals", "nask", "person", "json"}
ZONES = {
    "nask": "com.pl",
    "bardate": "se",
    "bardate-json": "nu",
    "nominet": "co.uk",
    "registro": "it",
    "auda": "net.au",
    "registro-table": "it",
    "auda-times": "net.au",
}
SOURCES = {
    **dict.fromkeys(["plain", "untidy", "capitals"], "plain text"),
    "provider": "provider",
    "pool": "Pool.com",
    "nask": "NASK",
    "bardate": "Internetstiftelsen",
    "bardate-json": "Internetstiftelsen, JSON",
    "nominet": "Nominet",
    "registro": "Registro.it",
    "auda": "auDA",
    "registro-table": "Registro.it",
    "auda-times": "auDA",
    "park-io": "Park.io",
    "json": "JSON",
    "json-objects": "JSON",
    "json-lines": "JSON lines",
}


def read(content: bytes) -> tuple[str, list[Entry | Reject]]:
    [found] = read_lists(io.BytesIO(content))
    return found.source, [item for item in found.items if not isinstance(item, LeftOut)]


def drops_of(form: str, entry: Entry) -> datetime | date | None:
    if form == "provider":
        assert entry.finalization_at is not None
        return entry.finalization_at + timedelta(hours=3)
    return entry.drop_at or entry.drop_day


def expected(form: str, named: Named) -> datetime | date | None:
    if form in UNDATED:
        return None
    return named.drop_at.date() if form in DAYS else named.drop_at


def names_for(form: str) -> Names:
    """Auctions of .au end at the purge; those of .it run at 09:00 in Rome."""
    first = {
        **dict.fromkeys(("auda", "auda-times"), datetime(2026, 11, 27, 3, tzinfo=UTC)),
        **dict.fromkeys(("registro", "registro-table"), datetime(2026, 11, 27, 8, tzinfo=UTC)),
    }
    names = invented(40, ZONES.get(form, "com"), first=first.get(form, datetime(2026, 11, 27, 19, tzinfo=UTC)))
    if form in first:
        return [Named(name, at.replace(minute=0) + timedelta(days=at.minute)) for name, at in names]
    return names


@pytest.mark.parametrize("form", FORMS)
def test_a_list_of_invented_names_is_the_same_in_every_form_encoding_and_container(form: str) -> None:
    names = names_for(form)
    text = FORMS[form](names)
    for encoding, end, container in itertools.product(ENCODINGS, LINE_ENDS, CONTAINERS):
        content = CONTAINERS[container](ENCODINGS[encoding](text.replace("\n", LINE_ENDS[end])))
        source, items = read(content)
        told = (form, encoding, end, container)
        assert source == SOURCES.get(form, "table"), told
        assert [item for item in items if isinstance(item, Reject)] == [], told
        entries = [item for item in items if isinstance(item, Entry)]
        assert [entry.domain for entry in entries] == [parse_domain(named.name) for named in names], told
        assert [drops_of(form, entry) for entry in entries] == [expected(form, named) for named in names], told


@pytest.mark.skipif(not NASK, reason=NO_LISTS)
@pytest.mark.parametrize("form", FORMS)
def test_a_real_list_is_the_same_in_every_form_and_container(form: str) -> None:
    _, items = read(NASK[-1].read_bytes())
    domains = [item.domain for item in items if isinstance(item, Entry)]
    assert len(domains) > 1000
    if form == "auda":
        pytest.skip("a list of names that are not under .au is none of auDA's")
    names = [Named(domain.name, datetime(2026, 11, 27, 19, tzinfo=UTC)) for domain in domains]
    for encode, pack in zip(itertools.cycle(ENCODINGS.values()), CONTAINERS.values(), strict=False):
        _, items = read(pack(encode(FORMS[form](names))))
        assert [item.domain if isinstance(item, Entry) else item for item in items] == domains


@pytest.mark.skipif(not NASK, reason=NO_LISTS)
def test_every_entry_of_the_real_lists_is_a_name() -> None:
    for path in NASK:
        _, items = read(path.read_bytes())
        assert [item for item in items if isinstance(item, Reject)] == []
        assert len(items) == sum(bool(line.strip()) for line in path.read_text().splitlines())
