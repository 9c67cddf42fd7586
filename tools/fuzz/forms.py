"""A list in every form: the formats of those who publish lists, encodings, line ends, and containers."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Named(NamedTuple):
    """A name on a list, and when it drops."""

    name: str
    """As the list writes it: in ASCII or Unicode."""
    drop_at: datetime
    """UTC, to the second."""


Names = Sequence[Named]


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _plain(names: Names) -> str:
    return _lines(n.name for n in names)


def _untidy(names: Names) -> str:
    """As people and web pages write lists."""
    around = ("{}", "{}.", "  {}  ", "www.{}", "http://{}/", "HTTPS://www.{}/path?x=1", '"{}"', "{} # mine", "{},")
    rows = (around[n % len(around)].format(named.name) for n, named in enumerate(names))
    return "Names that drop\n2026-11-24\n\n# a comment\n" + "\n".join(rows) + "\n\n; the end\n"


def _capitals(names: Names) -> str:
    return _lines(n.name.upper() if n.name.isascii() else n.name for n in names)


def _provider(names: Names) -> str:
    """`pending_delete_domain_list.csv`: the finalization date, three hours before the drop."""
    return _lines(f"{n.name};{n.drop_at - timedelta(hours=3):%Y-%m-%d %H:%M:%S}" for n in names)


def _pool(names: Names) -> str:
    return _lines(f"{n.name},{_american(n.drop_at)},AUC" for n in names)


def _american(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"


def _nask(names: Names) -> str:
    return "2026-11-24\n" + _plain(names)


def _bardate(names: Names) -> str:
    return _lines(f"{n.name}\t{n.drop_at:%Y-%m-%d}" for n in names)


def _bardate_json(names: Names) -> str:
    return json.dumps(
        {"data": [{"name": n.name, "release_at": f"{n.drop_at:%Y-%m-%d}"} for n in names]}, ensure_ascii=False, indent=1
    )


def _nominet(names: Names) -> str:
    rows = ((f"{n}-UK", named.name, f"{named.drop_at:%Y-%m-%dT%H:%M:%SZ}") for n, named in enumerate(names, start=1))
    return _csv(("roid", "domain", "drop_time"), rows)


def _registro(names: Names) -> str:
    local = ((n.name, n.drop_at.astimezone(ZoneInfo("Europe/Rome"))) for n in names)
    return _lines(f"{name}\t{at:%d/%m/%Y}\t{at:%H:%M:%S}" for name, at in local)


def _auda(names: Names) -> str:
    """Eligible an hour before the purge, in UTC; the heading says which of the two purges it is."""
    eligible = ((n.name, n.drop_at - timedelta(hours=1)) for n in names)
    rows = ((f"{at:%d/%m/%Y}", f"{at:%H:%M:%S}", name) for name, at in eligible)
    return "Deleted domain names\n" + _csv(("Date", "Eligible purge time", "Domain name"), rows)


def _registro_table(names: Names) -> str:
    local = ((n.name, n.drop_at.astimezone(ZoneInfo("Europe/Rome"))) for n in names)
    return _csv(("domain", "date", "time"), ((name, f"{at:%d/%m/%Y}", f"{at:%H:%M}") for name, at in local))


def _auda_times(names: Names) -> str:
    local = ((n.name, n.drop_at.astimezone(ZoneInfo("Etc/GMT-10"))) for n in names)
    return _csv(("Domain", "Date", "Time"), ((name, f"{at:%d/%m/%Y}", f"{at:%H:%M:%S}") for name, at in local))


def _park_io(names: Names) -> str:
    domains = [
        {"id": n, "name": named.name, "date_available": f"{named.drop_at:%Y-%m-%d}"} for n, named in enumerate(names)
    ]
    return json.dumps({"success": True, "domains": domains, "total": len(names)}, ensure_ascii=False)


def _export(
    name: str, drop: str, form: Callable[[datetime], str], delimiter: str = ",", *, name_first: bool = True
) -> Callable[[Names], str]:
    """An export with a header and columns of its own on every side."""

    def write(names: Names) -> str:
        header = ("ID", name, "BL", drop, "Note") if name_first else (drop, "Age", name)
        rows = (
            (str(n), named.name, str(n % 40), form(named.drop_at), f'a "{n}", b')
            if name_first
            else (form(named.drop_at), str(n % 20), named.name)
            for n, named in enumerate(names)
        )
        return _csv(header, rows, delimiter)

    return write


def _person(names: Names) -> str:
    rows = ((n.name, str(i % 11), f"{i % 90}.00", f"no. {i}") for i, n in enumerate(names))
    return _csv(("Domain", "Priority", "Max price", "Note"), rows, ";")


def _objects(names: Names) -> str:
    return json.dumps([{"domain": n.name, "drop_time": f"{n.drop_at:%Y-%m-%dT%H:%M:%SZ}", "BL": 3} for n in names])


def _json_lines(names: Names) -> str:
    rows = ({"fqdn": n.name, "end_time": n.drop_at.isoformat(), "tags": ["x"]} for n in names)
    return _lines(json.dumps(row, ensure_ascii=False) for row in rows)


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _offset(at: datetime) -> str:
    return at.astimezone(timezone(timedelta(hours=-5))).isoformat()


FORMS: dict[str, Callable[[Names], str]] = {
    "plain": _plain,
    "untidy": _untidy,
    "capitals": _capitals,
    "provider": _provider,
    "pool": _pool,
    "nask": _nask,
    "bardate": _bardate,
    "bardate-json": _bardate_json,
    "nominet": _nominet,
    "registro": _registro,
    "auda": _auda,
    "registro-table": _registro_table,
    "auda-times": _auda_times,
    "park-io": _park_io,
    "export": _export("Domain", "Drop Date", _iso),
    "export-american": _export("Domain Name", "DropDate", _american),
    "export-offset": _export("FQDN", "release_at", _offset, "\t"),
    "export-dots": _export("URL", "Delete Date", lambda at: f"{at:%d.%m.%Y %H:%M:%S}", ";", name_first=False),
    "export-day": _export("name", "date_available", lambda at: f"{at:%d %b %Y}", "|", name_first=False),
    "export-utc": _export("domainname", "End Time (UTC)", _iso, name_first=False),
    "person": _person,
    "json": lambda names: json.dumps([n.name for n in names]),
    "json-objects": _objects,
    "json-lines": _json_lines,
}
"""Each writes all names, with when they drop where the form has a place for it."""

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode("utf-8"),
    "utf-8-mark": lambda text: text.encode("utf-8-sig"),
    "utf-16-le": lambda text: ("\ufeff" + text).encode("utf-16-le"),
    "utf-16-be": lambda text: ("\ufeff" + text).encode("utf-16-be"),
    "utf-16-unmarked": lambda text: text.encode("utf-16-le"),
    "latin-1": lambda text: text.encode("latin-1"),
}
"""The last raises UnicodeEncodeError for what it has no letters for."""

LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}


def _zip(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("list.txt", content)
        archive.writestr("__MACOSX/._list.txt", b"\0\1\2")
    return file.getvalue()


def _parts(content: bytes) -> bytes:
    half = len(content) // 2
    return gzip.compress(content[:half], mtime=0) + gzip.compress(content[half:], mtime=0)


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gz": lambda content: gzip.compress(content, mtime=0),
    "gz-parts": _parts,
    "zip": _zip,
    "zip-stored": lambda content: _zip(content, zipfile.ZIP_STORED),
}


def invented(count: int, zone: str, *, first: datetime = datetime(2026, 11, 27, 19, tzinfo=UTC)) -> list[Named]:
    """Names that nobody has, some of them in Unicode, one drop a minute."""
    words = ("solar", "bücher", "kaffee", "straßen", "garden", "1-2-3", "café", "moto")
    return [Named(f"{words[n % len(words)]}-{n}.{zone}", first + timedelta(minutes=n)) for n in range(count)]
