"""The emulator's judge: the provider's own retired Python client takes backorders through their lives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.emulator import Emulator, EmulatorServer, Options
from local.emulator.options import Duplicates

apiclient = pytest.importorskip("hexonet.apiconnector.apiclient", reason="hexonet-apiconnector is not installed")

START = datetime(2026, 11, 24, tzinfo=UTC)
DROP = START + timedelta(days=6, hours=19)
DAY = timedelta(days=1)


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer(Emulator(Options(start=START, vat=Decimal(19)))) as server:
        yield server


@pytest.fixture
def client(server: EmulatorServer) -> Any:
    client = apiclient.APIClient()
    client.useOTESystem()
    client.setURL(server.url)
    client.setCredentials("test.user", "test.passw0rd")
    return client


def ask(client: Any, command: str, **parameters: object) -> Any:
    answer = client.request({"COMMAND": command, **{name.upper(): value for name, value in parameters.items()}})
    assert answer.isSuccess(), answer.getPlain()
    return answer


def first(answer: Any, name: str) -> str:
    value: str = answer.getColumn(name).getDataByIndex(0)
    return value


def order(client: Any, domain: str) -> str:
    return first(ask(client, "AddDomainApplication", **{"class": "BACKORDER"}, domain=domain), "APPLICATION")


def status(client: Any, application: str) -> str:
    return first(ask(client, "StatusDomainApplication", application=application), "STATUS")


def test_a_won_backorder(server: EmulatorServer, client: Any) -> None:
    server.emulator.schedule("john.com", drop_at=DROP, outcome="SUCCESSFUL")
    application = order(client, "john.com")
    seen = []
    for moment in (START, DROP - 4 * DAY, DROP - 3 * DAY, DROP - DAY / 24, DROP):
        server.emulator.advance_to(moment)
        seen.append(status(client, application))
    assert seen == ["REQUESTED", "REQUESTED", "ACTIVE", "PROCESSING", "SUCCESSFUL"]
    charge = ask(client, "QueryAccountingList", mindate="2026-11-30", maxdate="2026-11-30")
    assert charge.getListHash()["LIST"][0]["ACCOUNTINGDESCRIPTION"] == "john.com"
    assert first(charge, "ACCOUNTINGPRICE") == "-57.98"
    assert first(ask(client, "StatusDomain", domain="john.com"), "STATUS") == "ACTIVE"
    assert first(ask(client, "StatusAccount"), "AMOUNT") == "4931.00"


def test_a_lost_backorder(server: EmulatorServer, client: Any) -> None:
    server.emulator.schedule("john.com", drop_at=DROP, outcome="FAILED")
    application = order(client, "john.com")
    server.emulator.advance_to(DROP - 3 * DAY)
    deposit = ask(client, "QueryDepositList", accountingtype="COM_BACKORDER")
    assert (first(deposit, "DESCRIPTION"), first(deposit, "DEPOSIT")) == ("john.com", "69.00")
    server.emulator.advance_to(DROP)
    assert status(client, application) == "FAILED"
    assert first(ask(client, "StatusAccount"), "DEPOSIT") == "69.00"
    server.emulator.advance_to(DROP + DAY)
    assert first(ask(client, "StatusAccount"), "DEPOSIT") == "0.00"
    assert ask(client, "QueryDepositList").getRecordsTotalCount() == 0


def test_a_cancelled_backorder(server: EmulatorServer, client: Any) -> None:
    server.emulator.schedule("john.com", drop_at=DROP)
    application = order(client, "john.com")
    server.emulator.advance_to(DROP - 3 * DAY)
    assert first(ask(client, "DeleteDomainApplication", application=application), "DOMAIN") == "john.com"
    gone = client.request({"COMMAND": "StatusDomainApplication", "APPLICATION": application})
    assert (gone.getCode(), gone.isError()) == (545, True)
    assert first(ask(client, "StatusAccount"), "DEPOSIT") == "0.00"
    assert first(ask(client, "QueryObjectDeletionLogList"), "OBJECTID") == application


def test_an_auctioned_backorder(server: EmulatorServer, client: Any) -> None:
    server.emulator.schedule("john.com", drop_at=DROP, outcome="AUCTION_WON")
    application = order(client, "john.com")
    server.emulator.advance_to(DROP + DAY)
    running = ask(client, "StatusDomainApplication", application=application)
    assert first(running, "STATUS") == "AUCTION-PENDING"
    assert first(running, "AUCTION-STARTDATE") == "2026-11-30 20:00:00"
    server.emulator.advance_to(DROP + 4 * DAY)
    ended = ask(client, "StatusDomainApplication", application=application)
    assert first(ended, "STATUS") == "AUCTION-WON"
    assert Decimal(first(ended, "AUCTION-PRICE")) >= 10


def test_paging(client: Any) -> None:
    names = sorted(f"name{number}.com" for number in range(25))
    for name in names:
        order(client, name)
    pages = client.requestAllResponsePages(
        {"COMMAND": "QueryDomainApplicationList", "LIMIT": 10, "ORDERBY": "DOMAIN", "USERDEPTH": "SELF"}
    )
    assert [page.getRecordsCount() for page in pages] == [10, 10, 5]
    assert [record.getDataByKey("DOMAIN") for page in pages for record in page.getRecords()] == names
    assert pages[0].hasNextPage()
    assert pages[0].getPagination()["TOTAL"] == 25


def test_a_list_of_names_is_asked_for_at_once(client: Any) -> None:
    for name in ("a.com", "b.com", "c.com"):
        order(client, name)
    answer = ask(client, "QueryDomainApplicationList", domain=["c.com", "a.com", "nobody.com"])
    assert answer.getColumn("DOMAIN").getData() == ["a.com", "c.com"]


def test_a_name_in_unicode_is_converted_on_the_way(client: Any) -> None:
    answer = ask(client, "AddDomainApplication", **{"class": "BACKORDER"}, domain="müller.com")
    assert first(answer, "DOMAIN") == "xn--mller-kva.com"


def test_a_session(client: Any) -> None:
    assert client.login().isSuccess()
    assert ask(client, "StatusAccount").getCode() == 200
    assert client.logout().isSuccess()
    assert client.request({"COMMAND": "StatusAccount"}).getCode() == 530


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"COMMAND": "AddDomainApplication", "CLASS": "BACKORDER", "DOMAIN": "john.de"}, 510),
        ({"COMMAND": "AddDomainApplication", "CLASS": "BACKORDER"}, 504),
        ({"COMMAND": "AddDomainApplication", "CLASS": "BACKORDER", "DOMAIN": "-john.com"}, 505),
        ({"COMMAND": "NoSuchCommand"}, 500),
        ({"COMMAND": "StatusDomainApplication", "APPLICATION": "1"}, 545),
    ],
)
def test_error_codes(client: Any, parameters: dict[str, str], code: int) -> None:
    answer = client.request(parameters)
    assert (answer.getCode(), answer.isError()) == (code, True)


def test_codes_that_depend_on_what_was_before(server: EmulatorServer, client: Any) -> None:
    server.emulator.schedule("john.com", drop_at=DROP)
    application = order(client, "john.com")
    server.emulator.advance_to(DROP - DAY / 24)
    late = {"COMMAND": "AddDomainApplication", "CLASS": "BACKORDER", "DOMAIN": "john.com", "NEW": 1}
    assert client.request(late).getCode() == 549
    assert client.request({"COMMAND": "DeleteDomainApplication", "APPLICATION": application}).getCode() == 552
    client.setCredentials("test.user", "wrong")
    assert client.request({"COMMAND": "StatusAccount"}).getCode() == 530


@pytest.mark.parametrize(("duplicates", "code", "applications"), [("same", 200, 1), ("540", 540, 1), ("new", 200, 2)])
def test_an_order_made_twice(
    client: Any, server: EmulatorServer, duplicates: Duplicates, code: int, applications: int
) -> None:
    server.emulator.begin_anew(replace(server.emulator.options, duplicates=duplicates))
    order(client, "john.com")
    again = client.request({"COMMAND": "AddDomainApplication", "CLASS": "BACKORDER", "DOMAIN": "john.com"})
    assert again.getCode() == code
    assert ask(client, "QueryDomainApplicationList").getRecordsTotalCount() == applications


def test_an_auction_that_others_win_gives_the_deposit_back(server: EmulatorServer, client: Any) -> None:
    server.emulator.schedule("john.com", drop_at=DROP, outcome="AUCTION_LOST")
    application = order(client, "john.com")
    server.emulator.advance_to(DROP - DAY)
    assert first(ask(client, "StatusAccount"), "DEPOSIT") == "69.00"
    server.emulator.advance_to(DROP + 5 * DAY)
    assert status(client, application) == "AUCTION-LOST"
    account = ask(client, "StatusAccount")
    assert (first(account, "AMOUNT"), first(account, "DEPOSIT")) == ("5000.00", "0.00")


def test_a_temporary_error_and_an_http_error_are_seen_as_such(server: EmulatorServer, client: Any) -> None:
    server.emulator.set_faults(1.0, ["code_421"])
    assert client.request({"COMMAND": "StatusAccount"}).isTmpError()
    server.emulator.set_faults(1.0, ["http_503"])
    assert client.request({"COMMAND": "StatusAccount"}).isTmpError()


def test_the_live_system_does_not_know_the_test_account(server: EmulatorServer, client: Any) -> None:
    client.useLIVESystem()
    client.setURL(server.url)
    assert client.request({"COMMAND": "StatusAccount"}).getCode() == 530
