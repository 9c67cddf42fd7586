"""How much a list's dates count, by what the list was recognised as and where it was put. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from backorder.domain.dates import DateSource
from ingestion.summary import Kind

PROVIDER = "provider"
# What a registry's list is recognised as, and the top-level domains of that registry: of others it knows nothing.
REGISTRIES: Mapping[str, frozenset[str]] = {
    "Internetstiftelsen": frozenset({"se", "nu"}),
    "Internetstiftelsen, JSON": frozenset({"se", "nu"}),
    "Nominet": frozenset({"uk", "cymru", "wales"}),
    "Registro.it": frozenset({"it"}),
    "auDA": frozenset({"au"}),
}
PUBLISHERS = frozenset({"Pool.com", "Park.io", "NASK"})


def date_source(kind: Kind, recognised_as: str, zone: str) -> DateSource:
    """Return the source of a date in `zone` (a public suffix) on such a list.

    What is in no publisher's form under `wanted/` is the user's own.
    """
    if recognised_as == PROVIDER:
        return DateSource.PROVIDER
    if zone.rpartition(".")[2] in REGISTRIES.get(recognised_as, ()):
        return DateSource.REGISTRY
    if kind == "wanted" and recognised_as not in PUBLISHERS and recognised_as not in REGISTRIES:
        return DateSource.USER
    return DateSource.OTHER
