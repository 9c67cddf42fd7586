"""Lists that contradict others: dates of the past, cancels that are read before the wish, other priorities.

Drawn after everything else of a scenario, and by chance of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tools.simulate.names import Name, Upload

_SHARE = 0.4
"""Of the seeds that meet with each of these."""
_LATEST = timedelta(hours=2)
"""So long after its upload a list's event comes at the latest."""
_SINCE = timedelta(hours=12)
"""By then the lists before have been read: what dates a name into the past finds its backorder there."""


def contradicted(seed: int, names: Sequence[Name], uploads: Sequence[Upload], *, given: bool | None) -> list[Upload]:
    """The uploads of a seed, some with events that come late, and with lists that contradict them. `given`: whether
    there are such lists; None: the seed decides."""
    rng = random.Random(f"contradictions {seed}")
    wanted = [upload for upload in uploads if upload.kind == "wanted"]
    rumours, cancels, wishes = (given if given is not None else rng.random() < _SHARE for _ in range(3))
    found = list(uploads)
    if cancels and wanted:
        late = rng.choice(wanted)
        found[found.index(late)] = replace(late, event_after=rng.random() * _LATEST)
        found.append(_cancel_before(rng, late))
    if wishes and wanted:
        found.append(_another_wish(rng, rng.choice(wanted)))
    if rumours:
        found += _rumours(rng, names, uploads)
    return sorted(found, key=lambda upload: upload.at)


def _cancel_before(rng: random.Random, wish: Upload) -> Upload:
    """Some of its names, cancelled soon after."""
    at = wish.at + timedelta(seconds=rng.uniform(1, 900))
    some = tuple(name for name in wish.domains if rng.random() < 0.4) or wish.domains[:1]
    return Upload(at, "cancel/soon.txt", "".join(f"{name}\n" for name in some), some)


def _another_wish(rng: random.Random, wish: Upload) -> Upload:
    """Some of its names, with other priorities."""
    at = wish.at + timedelta(seconds=rng.choice((rng.uniform(1, 900), rng.uniform(1, 90_000))))
    some = tuple(name for name in wish.domains if rng.random() < 0.5) or wish.domains[:1]
    header, *lines = wish.body.splitlines()
    rows = {line.partition(",")[0]: line.split(",") for line in reversed(lines)}
    again = [",".join([*rows[name][:3], str(rng.randint(0, 10)), rows[name][4]]) for name in some]
    return Upload(at, "wanted/other-priorities.csv", "\n".join([header, *again, ""]), some)


def _rumours(rng: random.Random, names: Sequence[Name], uploads: Sequence[Upload]) -> Iterator[Upload]:
    for number in range(rng.randint(1, 3)):
        told = {name: [upload.at for upload in uploads if name.domain in upload.domains] for name in names}
        some = [name for name in names if told[name] and rng.random() < 0.5]
        if not some:
            continue
        at = max(moment for name in some for moment in told[name]) + _SINCE + timedelta(hours=rng.uniform(0, 30))
        ago = at - timedelta(hours=rng.uniform(1, 500))
        body = rng.choice((_as_the_provider, _as_an_export))([name.domain for name in some], ago)
        yield Upload(at, f"dropping/rumour{number}.csv", body, tuple(name.domain for name in some))


def _as_the_provider(domains: Sequence[str], at: datetime) -> str:
    return "".join(f"{domain};{at:%Y-%m-%d %H:%M:%S}\n" for domain in domains)


def _as_an_export(domains: Sequence[str], at: datetime) -> str:
    return "Domain Name,Finalization Date,Bids\n" + "".join(
        f"{domain},{at:%Y-%m-%d %H:%M:%S},3\n" for domain in domains
    )
