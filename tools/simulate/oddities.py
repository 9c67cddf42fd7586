"""Odd answers about single names, drawn from all commands and codes that the reference lists."""

from __future__ import annotations

import random
from collections.abc import Sequence

from local.emulator.scripted import Scripted

COMMANDS = (
    "AddDomainApplication",
    "DeleteDomainApplication",
    "ModifyDomainApplication",
    "StatusDomainApplication",
    "QueryDomainApplicationList",
    "StatusDomain",
    "CheckDomains",
)
CODES = (421, 500, 503, 504, 505, 506, 507, 530, 531, 540, 541, 545, 546, 547, 549, 552, 587)
CELLS = (
    ("QueryDomainApplicationList", "CREATEDDATE", None),
    ("QueryDomainApplicationList", "STATUS", None),
    ("QueryDomainApplicationList", "UPDATEDDATE", "yesterday"),
    ("QueryDepositList", "DEPOSIT", "some"),
    ("QueryDepositList", "CREATEDDATE", "0000-00-00 00:00:00"),
    ("QueryAccountingList", "ACCOUNTINGPRICE", "1,069"),
    ("QueryAccountingList", "ACCOUNTINGDATE", "0000-00-00"),
    ("CheckDomains", "DOMAINCHECK", None),
)


def draw_answers(seed: int, domains: Sequence[str], *, always: bool = False) -> tuple[Scripted, ...]:
    """For up to three of the names, in some seeds or `always`. They end when the world calms down: then all has to come
    right."""
    rng = random.Random(f"answers {seed}")
    if not domains or (rng.random() < 0.6 and not always):
        return ()
    answers: list[Scripted] = []
    for domain in rng.sample(list(domains), min(len(domains), rng.randint(1, 3))):
        for _ in range(rng.randint(1, 3)):
            times = rng.choice((1, 2, 5, None))
            if rng.random() < 0.25:
                command, name, cell = rng.choice(CELLS)
                answers.append(Scripted(command, domain, properties={name: cell}, times=times))
            else:
                command, code = rng.choice(COMMANDS), rng.choice(CODES)
                after = rng.random() < 0.2 and code >= 500  # 4xx says that nothing took effect
                answers.append(Scripted(command, domain, code=code, description="odd", after=after, times=times))
    # Drawn later than all else, by chance of its own: a check that fails for one name alone.
    checks = random.Random(f"checks {seed}")
    if checks.random() < 0.5:
        odd = checks.choice(answers).domain
        cell = checks.choice(("549 Command failed", "541 Invalid attribute value", "421 try again"))
        times = checks.choice((1, 3))
        answers.append(Scripted("CheckDomains", odd, properties={"DOMAINCHECK": cell}, times=times))
    return tuple(answers)
