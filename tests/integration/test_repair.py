"""An order that its registry would refuse, from the finding to the name that is won: all functions, one account at the
emulator over loopback HTTP, lists and rules in moto's S3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from backorder.documents.halt import halt
from backorder.domain.findings import Kind
from backorder.domain.states import State
from ingestion.summary import ListSummary
from local.emulator.scripted import read_script
from planning.plan_submissions import Summary as Planned
from tests.integration.account import DROP, FINALIZATION, HOUR
from tests.integration.account import World as Account
from tests.integration.account import a_world as an_account
from tests.lists_world import LISTS, REPORTS
from tests.lists_world import World as Lists

NUMBER = '[provider.zones.se]\n"X-NICSE-IDNUMBER" = "556677-8899"\n'
TICK = timedelta(minutes=5)


@dataclass
class World:
    """The whole pipeline. What plan sends is worked on at once, unless a test takes it out of the queue."""

    account: Account
    lists: Lists

    def upload(self, key: str, content: str) -> ListSummary:
        self.lists.now = self.account.emulator.now
        return self.lists.upload(key, content)

    def plan(self) -> Planned:
        """The next tick: a plan, which puts its messages into the queue."""
        self.account.emulator.advance_to(self.account.emulator.now + TICK)
        return self.account.plan(queue=True)

    def submit(self) -> Counter[str]:
        """Works on all that is in the queue."""
        return self.account.submit()

    def tick(self) -> Counter[str]:
        self.plan()
        return self.submit()

    @property
    def calls(self) -> Counter[str]:
        """To the provider, by command."""
        return Counter(self.account.emulator.state()["calls"])

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """What the provider has of each application, by domain."""
        return {each.domain: dict(each.settings) for each in self.account.emulator._world.applications.values()}

    def incomplete(self, status: str = "open") -> list[str | None]:
        """The names that findings say something is missing of."""
        found = self.account.findings(status)
        return [finding.domain for finding in found if finding.kind is Kind.APPLICATION_INCOMPLETE]


@contextmanager
def a_pipeline(**options: Any) -> Iterator[World]:
    with mock_aws(), an_account(**options) as account:
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in (LISTS, REPORTS):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        account.calls_at_once = 4
        yield World(account, Lists(s3, account.store))


@pytest.fixture(params=["everywhere", "in the list only"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Where the provider tells what an application lacks: both readings of its reference."""
    withhold = frozenset[str]() if request.param == "everywhere" else frozenset({"missing-parameter"})
    with a_pipeline(incomplete="refused", withhold=withhold) as pipeline:
        yield pipeline


def ordered(world: World, *domains: str, outcome: str | None = "SUCCESSFUL") -> None:
    """On a list, ordered, and looked at by reconciliation."""
    for domain in domains:
        world.account.emulator.schedule(domain, finalization_at=FINALIZATION, outcome=outcome)
    drops = "".join(f"{domain},{DROP:%Y-%m-%d}\n" for domain in domains)
    assert world.upload("wanted/names.csv", f"domain,drop date\n{drops}").accepted == len(domains)
    assert world.tick()["placed"] == len(domains)
    world.account.reconcile()


def test_a_name_without_its_owners_number_stops_no_other_zone_is_found_mended_once_and_won(world: World) -> None:
    ordered(world, "name.se", "name.com")
    assert world.incomplete() == ["name.se"]
    assert world.plan().repaired == 0  # nothing says the number yet

    assert world.upload("rules.toml", NUMBER).notes == ["The rules are in use."]
    assert world.plan().repaired == 1
    assert world.submit() == Counter({"repaired": 1})
    world.account.reconcile()
    assert (world.incomplete(), world.incomplete("closed")) == ([], ["name.se"])

    while world.account.emulator.now < DROP + HOUR:
        world.tick()
        world.account.at(world.account.emulator.now + HOUR)
    assert (world.calls["AddDomainApplication"], world.calls["ModifyDomainApplication"]) == (3, 1)
    assert halt(world.account.store) is None
    assert world.settings == {"name.se": {"X-NICSE-IDNUMBER": "556677-8899"}, "name.com": {}}
    assert world.account.state("name.se") is State.SUCCESSFUL
    assert world.incomplete() == []


def test_an_order_that_was_refused_for_what_its_zone_needs_is_sent_as_incomplete_from_then_on(world: World) -> None:
    """Whatever goes unanswered after that: each call less is one less that may go wrong before the deadline."""
    silent = {"command": "QueryDomainApplicationList", "domain": "name.se", "http": 500, "times": 3}
    world.account.emulator.set_answers(read_script([silent]))
    world.account.emulator.schedule("name.se", finalization_at=FINALIZATION)
    world.upload("wanted/names.csv", f"domain,drop date\nname.se,{DROP:%Y-%m-%d}\n")
    outcomes = [world.tick() for _ in range(3)]
    assert outcomes == [Counter(unknown=1), Counter(unknown=1), Counter(placed=1)]
    assert world.calls["AddDomainApplication"] == 2


def test_an_order_that_is_taken_for_all_that_it_lacks_is_mended_likewise() -> None:
    with a_pipeline(incomplete="taken") as world:
        ordered(world, "name.se", "name.com")
        assert world.calls["AddDomainApplication"] == 2
        assert world.incomplete() == ["name.se"]

        world.upload("rules.toml", NUMBER)
        assert world.tick() == Counter({"repaired": 1})
        world.account.reconcile()
        assert world.incomplete() == []


def test_what_the_rules_say_is_sent_though_they_do_not_say_all(world: World) -> None:
    ordered(world, "name.nu")
    world.upload("rules.toml", NUMBER.replace("zones.se", "zones.nu"))
    assert world.tick() == Counter({"repaired": 1})
    world.account.reconcile()
    assert world.incomplete() == ["name.nu"]
    assert world.plan().repaired == 0

    rest = '"X-NU-ACCEPT-REGISTRATION-TAC" = "1"'
    world.upload("rules.toml", f"{NUMBER.replace('zones.se', 'zones.nu')}{rest}\n")
    assert world.tick() == Counter({"repaired": 1})
    assert world.calls["ModifyDomainApplication"] == 2
    world.account.reconcile()
    assert world.incomplete() == []
