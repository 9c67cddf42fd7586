"""Addresses that are all at one place: a marketplace's pages about names, and no names.

`https://www.dan.com/buy-domain/solarroof.com` is an address at dan.com. Where a list has nothing but such, to read it
as a list of names would order the marketplace's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from backorder.domain.domains import Domain
from ingestion.reading.entries import Entry, Reject, domain_or_reject, reject
from ingestion.reading.formats.form import Format, uncommented
from ingestion.reading.lines import Line

_address = re.compile(r"https?://[^\s,;|\"']+/[^\s,;|\"'/][^\s,;|\"']*", re.IGNORECASE).search
_FEWEST = 2
_KIND = "is an address at one place, as all others of the list are"


def recognises(sample: Sequence[str]) -> bool:
    """Under what may be a header, each line has an address, all are at one place, and no two are the same."""
    first, *rows = uncommented(sample) or [""]
    addresses = [found[0] for row in (rows if _address(first) is None else [first, *rows]) if (found := _address(row))]
    if len(set(addresses)) < max(_FEWEST, len(rows)):
        return False
    return len({_place(address) for address in addresses}) == 1


def _place(address: str) -> str:
    domain = domain_or_reject(0, address, address)
    return domain.name if isinstance(domain, Domain) else address


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """Rejects each of them."""
    for line, text, fault in lines:
        found = _address(text)
        if fault is not None:
            yield reject(line, text, fault)
        elif found is not None:
            yield reject(line, text, f"{_KIND} ({_place(found[0])}): give the names a column, such as domain", _KIND)


FORMAT = Format("addresses at one place", recognises, read)
