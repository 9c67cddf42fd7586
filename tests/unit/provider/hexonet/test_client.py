"""Typed methods over a scripted wire: what is sent, what is repeated, what is read."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from backorder.provider.hexonet.applications import zone_of
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.concurrency import Concurrency
from backorder.provider.hexonet.credentials import Credentials
from backorder.provider.port import (
    AccessDenied,
    ApplicationStatus,
    Called,
    Command,
    NameFilter,
    NotStarted,
    OutcomeUnknown,
    PendingDelete,
    ProviderError,
    Refused,
    Scope,
    TemporaryFailure,
)
from backorder.runtime.settings import Stage

PASSWORD = "pa55 w0rd+never-shown"
ENDPOINT = "https://provider.example/api/call.cgi"

APPLICATION = {
    "APPLICATION": "10700",
    "DOMAIN": "john.com",
    "CLASS": "COM_BACKORDER",
    "STATUS": "REQUESTED",
    "CREATEDDATE": "2026-01-01 00:00:00",
    "UPDATEDDATE": "2026-01-01 00:00:00",
    "USER": "jane",
}


def answer(code: int = 200, description: str = "fine", /, **columns: Any) -> bytes:
    lines = ["[RESPONSE]", f"CODE={code}", f"DESCRIPTION={description}"]
    for name, value in columns.items():
        entries = value if isinstance(value, list) else [value]
        lines += [f"PROPERTY[{name}][{index}]={entry}" for index, entry in enumerate(entries) if entry is not None]
    return "\r\n".join([*lines, "EOF", ""]).encode()


def page(first: int, total: int, count: int, /, **columns: Any) -> bytes:
    return answer(FIRST=str(first), COUNT=str(count), TOTAL=str(total), LIMIT="1000", **columns)


Reply = bytes | Exception | Callable[[dict[str, str]], bytes]


class Wire(BaseAdapter):
    """Plays the provider: replies in turn, the last one for ever. Keeps what was sent."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies = list(replies)
        self.sent: list[dict[str, str]] = []
        self.urls: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        self.urls.append(request.url)
        self.sent.append(dict(parse_qsl(str(request.body), keep_blank_values=True)))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        response = requests.Response()
        response.status_code = 200
        body = reply if isinstance(reply, bytes) else reply(self.sent[-1])
        response.raw = urllib3.HTTPResponse(BytesIO(body), status=200, preload_content=False)
        return response

    def close(self) -> None:
        pass


class World:
    def __init__(self, *replies: Reply, **settings: Any) -> None:
        self.wire = Wire(*replies)
        self.pauses: list[float] = []
        session = requests.Session()
        session.mount("https://", self.wire)
        self.provider = HexonetClient(
            endpoint=ENDPOINT,
            stage="test",
            credentials=settings.pop("credentials", lambda: Credentials("jane", PASSWORD)),
            pool_size=4,
            session=session,
            sleep=self.pauses.append,
            **settings,
        )


def test_credentials_travel_in_the_body_only() -> None:
    world = World(answer(AMOUNT="1.00", CREDIT="0.00", CURRENCY="usd", DEPOSIT="0.00", VAT="19.00"))
    status = world.provider.account()
    assert world.wire.urls == [ENDPOINT]
    assert world.wire.sent == [{"s_entity": "1234", "s_login": "jane", "s_pw": PASSWORD, "COMMAND": "StatusAccount"}]
    assert (status.amount, status.currency, status.vat) == (Decimal("1.00"), "USD", Decimal("19.00"))


def test_an_order_names_class_and_domain() -> None:
    world = World(answer(**APPLICATION))
    application = world.provider.place("john.com", new=True, extra={"X-BACKORDER-LITE": "1", "PERIOD": "1"})
    sent = {name: value for name, value in world.wire.sent[0].items() if not name.startswith("s_")}
    assert sent == {
        "COMMAND": "AddDomainApplication",
        "CLASS": "BACKORDER",
        "DOMAIN": "john.com",
        "NEW": "1",
        "X-BACKORDER-LITE": "1",
        "PERIOD": "1",
    }
    assert (application.id, application.zone, application.status) == ("10700", "com", ApplicationStatus.REQUESTED)
    assert application.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert application.finalization_at is None


@pytest.mark.parametrize("name", ["DOMAIN", "domain0", "Class", "NEW", "COMMAND", "s_entity"])
def test_settings_cannot_change_what_is_ordered(name: str) -> None:
    world = World(answer(**APPLICATION))
    with pytest.raises(ValueError, match=name):
        world.provider.place("john.com", extra={name: "x"})
    assert world.wire.sent == []


def test_an_order_is_never_repeated_after_an_unknown_outcome() -> None:
    world = World(b"", answer(**APPLICATION))
    with pytest.raises(OutcomeUnknown):
        world.provider.place("john.com")
    assert len(world.wire.sent) == 1


def test_a_withdrawal_is_never_repeated_after_an_unknown_outcome() -> None:
    world = World(requests.ReadTimeout("slow"), answer(DOMAIN="john.com"))
    with pytest.raises(OutcomeUnknown):
        world.provider.withdraw("10700")
    assert len(world.wire.sent) == 1


@pytest.mark.parametrize("code", [420, 421, 423, 425, 451])
def test_an_order_is_repeated_after_a_temporary_failure(code: int) -> None:
    world = World(answer(code), answer(code), answer(**APPLICATION))
    assert world.provider.place("john.com").id == "10700"
    assert len(world.wire.sent) == 3
    assert 0 < world.pauses[0] < world.pauses[1] * 2


def test_the_back_off_doubles_and_a_locked_account_is_given_longer() -> None:
    world = World(answer(421), answer(425), answer(**APPLICATION), back_off=0.01)
    world.provider.place("john.com")
    first, second = world.pauses
    assert 0.005 <= first <= 0.01
    assert 0.08 <= second <= 0.16


def test_a_temporary_failure_that_lasts_is_raised() -> None:
    world = World(answer(421, "try again"))
    with pytest.raises(TemporaryFailure) as caught:
        world.provider.place("john.com")
    assert (caught.value.code, caught.value.command, caught.value.description) == (
        421,
        "AddDomainApplication",
        "try again",
    )
    assert len(world.wire.sent) == 3


def test_a_command_that_only_reads_is_repeated_after_an_unknown_outcome() -> None:
    world = World(b"<html>", b"", answer(**APPLICATION))
    assert world.provider.application("10700").domain == "john.com"


def test_overload_shrinks_the_cap() -> None:
    world = World(answer(425), answer(**APPLICATION))
    world.provider.place("john.com")
    assert world.provider.concurrency.cap == 2


def test_whoever_counts_calls_is_told_how_many_are_allowed_after_each_answer() -> None:
    called: list[Called] = []
    World(answer(425), answer(**APPLICATION), observe=called.append).provider.place("john.com")
    assert [(call.code, call.cap) for call in called] == [(425, 2), (200, 2)]


def test_a_bad_attribute_name_does_not_shrink_the_cap() -> None:
    # Code 503 of the provider is not HTTP's 503.
    world = World(answer(503))
    with pytest.raises(Exception, match="503"):
        world.provider.place("john.com")
    assert world.provider.concurrency.cap == 4


def within(remaining: float) -> Callable[[float], str | None]:
    return lambda seconds: None if remaining > seconds else "too little time remained"


def test_no_call_starts_that_may_not() -> None:
    world = World(answer(**APPLICATION))
    assert world.provider.worst_case_seconds == 25.0
    with pytest.raises(NotStarted, match="too little time remained; nothing was sent"):
        world.provider.within(within(25.0)).place("john.com")
    assert world.wire.sent == []
    assert world.provider.within(within(25.1)).place("john.com").id == "10700"


def test_a_repeat_that_does_not_fit_is_not_started() -> None:
    world = World(answer(421), answer(**APPLICATION))
    asked: list[float] = []

    def refusal(seconds: float) -> str | None:
        asked.append(seconds)
        return within(25.1)(seconds)

    with pytest.raises(TemporaryFailure) as caught:
        world.provider.within(refusal).place("john.com")
    assert asked[0] == 25.0
    assert 25.1 < asked[1] <= 25.25  # with the pause before it
    assert caught.value.code == 421
    assert (len(world.wire.sent), world.pauses) == (1, [])


def test_a_failure_is_heard_before_another_call_gets_its_place() -> None:
    """Twelve threads and four places: the line stops with the first answer, and who waited sends nothing."""
    all_four = threading.Barrier(4)

    def denied(form: dict[str, str]) -> bytes:
        if form["COMMAND"] == "AddDomainApplication":
            all_four.wait(10)
        return answer(530, "Authentication failed")

    world = World(denied)
    heard: list[ProviderError] = []
    denied_once = lambda _seconds: "the line is halted" if heard else None  # noqa: E731
    provider = world.provider.within(denied_once, lambda e: heard.append(e) if isinstance(e, AccessDenied) else None)

    def order(number: int) -> str:
        try:
            provider.place(f"name{number}.com")
        except ProviderError as error:
            return type(error).__name__
        return "placed"

    with ThreadPoolExecutor(12) as pool:
        outcomes = Counter(pool.map(order, range(40)))
    # Of the four that are out, one at least learns that the account itself is refused.
    assert outcomes["NotStarted"] == 36
    assert outcomes["AccessDenied"] >= 1
    sent = Counter(form["COMMAND"] for form in world.wire.sent)
    assert sent == {"AddDomainApplication": 4, "StatusAccount": outcomes["AccessDenied"]}


def test_a_rotated_password_is_tried_before_anybody_hears_of_a_refusal() -> None:
    class Rotated:
        def __call__(self) -> Credentials:
            return Credentials("jane", "old")

        def reread(self, refused: Credentials) -> Credentials:
            assert refused.password == "old"
            return Credentials("jane", PASSWORD)

    def by_password(form: dict[str, str]) -> bytes:
        return answer(**APPLICATION) if form["s_pw"] == PASSWORD else answer(530, "Authentication failed")

    world = World(by_password, credentials=Rotated())
    heard: list[ProviderError] = []
    assert world.provider.within(lambda _seconds: None, heard.append).place("john.com").id == "10700"
    assert (len(world.wire.sent), heard) == (2, [])


def test_the_pool_of_connections_follows_the_cap_on_calls() -> None:
    provider = HexonetClient(
        endpoint=ENDPOINT,
        stage="test",
        credentials=lambda: Credentials("jane", PASSWORD),
        pool_size=4,
        concurrency=Concurrency(32),
    )
    adapter = provider._caller.transport._session.get_adapter(ENDPOINT)
    assert isinstance(adapter, HTTPAdapter)
    assert adapter._pool_maxsize == 32  # type: ignore[attr-defined]


def test_an_answer_about_another_domain_is_no_answer() -> None:
    world = World(answer(**{**APPLICATION, "DOMAIN": "other.com"}))
    with pytest.raises(OutcomeUnknown, match=r"other\.com"):
        world.provider.place("john.com")


@pytest.mark.parametrize("missing", ["APPLICATION", "STATUS", "CREATEDDATE", "DOMAIN"])
def test_an_answer_without_what_it_is_about_is_an_unknown_outcome(missing: str) -> None:
    world = World(answer(**{**APPLICATION, missing: None}))
    with pytest.raises(OutcomeUnknown, match=missing):
        world.provider.place("john.com")


@pytest.mark.parametrize("amount", ["NaN", "1,000", "", "12e3"])
def test_an_amount_that_is_none_is_an_unknown_outcome(amount: str) -> None:
    world = World(answer(AMOUNT=amount, CREDIT="0", CURRENCY="USD", DEPOSIT="0", VAT="0"))
    with pytest.raises(OutcomeUnknown, match="AMOUNT"):
        world.provider.account()


def applications(numbers: range) -> dict[str, list[str]]:
    return {
        "APPLICATION": [str(number) for number in numbers],
        "DOMAIN": [f"d{number}.com" for number in numbers],
        "CLASS": ["COM_BACKORDER" for _ in numbers],
        "STATUS": ["ACTIVE" for _ in numbers],
        "CREATEDDATE": ["2026-01-01 00:00:00" for _ in numbers],
    }


def test_a_list_is_read_page_by_page() -> None:
    world = World(
        page(0, 5, 2, **applications(range(2))),
        page(2, 5, 2, **applications(range(2, 4))),
        page(4, 5, 1, **applications(range(4, 5))),
    )
    found = world.provider.applications()
    assert [application.id for application in found] == ["0", "1", "2", "3", "4"]
    assert found.complete
    assert [sent["FIRST"] for sent in world.wire.sent] == ["0", "2", "4"]
    assert world.wire.sent[0]["USERDEPTH"] == "SELF"
    assert world.wire.sent[0]["CLASS"] == "*_BACKORDER"


@pytest.mark.parametrize(
    "replies",
    [
        # TOTAL changed between pages.
        [page(0, 4, 2, **applications(range(2))), page(2, 5, 3, **applications(range(2, 5)))],
        # An entry came twice: another one slipped through.
        [page(0, 4, 2, **applications(range(2))), page(2, 4, 2, **applications(range(1, 3)))],
        # A page stayed empty though there should have been more.
        [page(0, 4, 2, **applications(range(2))), page(2, 4, 0)],
    ],
)
def test_a_list_that_moved_is_not_complete(replies: list[bytes]) -> None:
    assert not World(*replies).provider.applications().complete


def test_an_empty_list_is_complete() -> None:
    assert World(page(0, 0, 0)).provider.applications().complete
    assert World(answer(TOTAL="0")).provider.applications().complete


def test_domains_are_asked_for_many_at_once() -> None:
    def reply(sent: dict[str, str]) -> bytes:
        asked = [value for name, value in sent.items() if name.startswith("DOMAIN")]
        rows = applications(range(len(asked)))
        return page(0, len(asked), len(asked), **{**rows, "DOMAIN": asked, "APPLICATION": [f"id-{d}" for d in asked]})

    world = World(reply)
    domains = [f"n{number}.com" for number in range(450)]
    found = world.provider.applications(domains=domains)
    assert [application.domain for application in found] == domains
    assert found.complete
    assert len(world.wire.sent) == 3
    assert world.provider.applications(domains=[]).items == ()
    assert len(world.wire.sent) == 3


def test_an_entry_keeps_its_own_columns_when_neighbours_lack_theirs() -> None:
    rows = applications(range(3))
    found = World(
        page(
            0,
            3,
            3,
            **{**rows, "FINALIZATIONDATE": [None, "2026-02-01 17:00:00"], "MISSINGPARAMETER": [None, None, "X-A,X-B"]},
        )
    ).provider.applications()
    assert [application.finalization_at for application in found] == [None, datetime(2026, 2, 1, 17, tzinfo=UTC), None]
    assert [application.missing_parameters for application in found] == [(), (), ("X-A", "X-B")]


def test_an_auction_is_read_with_its_money() -> None:
    auction = {
        "AUCTION-STATUS": "AUCTION-PENDING",
        "AUCTION-ENDDATE": "2026-01-05 20:00:00",
        "AUCTION-BESTBID": "15.00",
        "AUCTION-MINIMUMNEXTBID": "20.00",
        "AUCTION-CURRENCY": "usd",
        "AUCTION-URL": "https://auctions.example/?id=1=2",
    }
    application = World(answer(**{**APPLICATION, "STATUS": "AUCTION-PENDING", **auction})).provider.application("10700")
    assert application.status is ApplicationStatus.AUCTION_PENDING
    assert application.auction is not None
    assert application.auction.minimum_next_bid == Decimal("20.00")
    assert (application.auction.currency, application.auction.price) == ("USD", None)
    assert application.auction.url == "https://auctions.example/?id=1=2"


@pytest.mark.parametrize(
    ("domain", "class_", "zone"),
    [
        ("john.com", "COM_BACKORDER", "com"),
        ("john.co.uk", "COUK_BACKORDER", "co.uk"),
        ("john.co.uk", "CO.UK_BACKORDER", "co.uk"),
        ("john.co.uk", "", "co.uk"),
        ("john.com", "COM_BACKORDER_LITE", "com"),
    ],
)
def test_the_zone_comes_from_the_class(domain: str, class_: str, zone: str) -> None:
    assert zone_of(domain, class_) == zone


def test_accounting_entries_without_ids_are_all_kept() -> None:
    found = World(
        page(
            0,
            2,
            2,
            ACCOUNTINGDATE=["2026-01-02 15:00:00"] * 2,
            ACCOUNTINGTYPE=["COM_BACKORDER"] * 2,
            ACCOUNTINGDESCRIPTION=["john.com"] * 2,
            ACCOUNTINGPRICE=["-57.98"] * 2,
            ACCOUNTINGVAT=["19.00"] * 2,
            ACCOUNTINGVATPRICE=["-11.02"] * 2,
            ACCOUNTINGCURRENCY=["eur"] * 2,
        )
    ).provider.accounting(date(2026, 1, 1), date(2026, 1, 31))
    assert len(found) == 2
    assert found.complete
    assert {(entry.id, entry.gross, entry.currency) for entry in found} == {(None, Decimal("-69.00"), "EUR")}


def test_labels_are_sent_as_anchored_patterns() -> None:
    world = World(page(0, 1, 1, DOMAIN=["john.com"], FINALIZATIONDATE=["2026-01-02 12:00:00"]))
    found = list(world.provider.pending_deletes(zones=["com"], labels=["john", "DOE", "john"]))
    assert world.wire.sent[0]["REGEXP"] == "^(doe|john)$"
    assert world.wire.sent[0]["ZONE0"] == "com"
    assert found == [PendingDelete("john.com", datetime(2026, 1, 2, 12, tzinfo=UTC))]
    with pytest.raises(ValueError, match="no label"):
        world.provider.pending_deletes(zones=["com"], labels=["a|b"])
    assert list(world.provider.pending_deletes(zones=["com"], labels=[])) == []


def pending(count: int, **cells: Any) -> dict[str, Any]:
    return {
        "DOMAIN": [f"name{number}.com" for number in range(count)],
        "FINALIZATIONDATE": ["2026-01-02 12:00:00"] * count,
        **cells,
    }


def test_a_page_of_the_pending_delete_list_says_how_long_the_list_is() -> None:
    world = World(page(40, 600, 2, **pending(2)))
    found = world.provider.pending_delete_page(NameFilter(zones=("com",)), first=40, size=20)
    assert ([name.domain for name in found.names], found.total) == (["name0.com", "name1.com"], 600)
    sent = world.wire.sent[0]
    assert (sent["FIRST"], sent["LIMIT"], sent["ZONE0"], sent["ORDERBY"]) == ("40", "20", "com", "NAME")


@pytest.mark.parametrize("half", [page(0, 600, 20, **pending(19)), page(0, 600, 0), answer(TOTAL="600", COUNT="0")])
def test_half_a_page_of_the_pending_delete_list_is_no_page(half: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        World(half).provider.pending_delete_page(NameFilter(), first=0, size=20)


@pytest.mark.parametrize(
    ("cells", "domain"),
    [
        ({"DOMAIN": ["a.com", None, "c.com"]}, ""),
        ({"FINALIZATIONDATE": ["2026-01-02 12:00:00", "soon", "2026-01-02 12:00:00"]}, "name1.com"),
    ],
)
def test_a_row_of_a_page_that_makes_no_sense_keeps_its_place(cells: dict[str, Any], domain: str) -> None:
    found = World(page(0, 3, 3, **pending(3, **cells))).provider.pending_delete_page(NameFilter(), first=0, size=20)
    assert found.names[1] == PendingDelete(domain, None)
    assert [name.finalization_at is None for name in found.names] == [False, True, False]


def test_relations_of_the_user_are_paired_by_index() -> None:
    user = World(
        answer(USER="jane", RELATIONTYPE=["A", None, "PRICE_CLASS_DOMAIN_COM_SETUP"], RELATIONVALUE=["1", "2", "9.50"])
    ).provider.user()
    assert user.relations == {"A": "1", "PRICE_CLASS_DOMAIN_COM_SETUP": "9.50"}


@pytest.mark.parametrize("code", [421, 504, 549])
def test_a_name_that_could_not_be_checked_says_so_and_leaves_the_others(code: int) -> None:
    world = World(answer(DOMAINCHECK=[f"{code} Registry is busy", "210 Available"]))
    odd, free = world.provider.check(["a.com", "b.com"])
    assert (odd.is_free, free.is_free, free.error) == (False, True, None)
    assert isinstance(odd.error, Refused)
    assert (odd.error.code, odd.error.subject, odd.error.description) == (code, "a.com", "Registry is busy")
    assert odd.error.asked is Command.AVAILABILITY


def test_a_missing_check_shifts_no_name() -> None:
    world = World(answer(DOMAINCHECK=["211 Taken", "210 Available"]))
    assert [found.is_free for found in world.provider.check(["a.com", "b.com"])] == [False, True]
    with pytest.raises(OutcomeUnknown, match=r"c\.com"):
        world.provider.check(["a.com", "b.com", "c.com"])


class Rotated:
    def __init__(self) -> None:
        self.rereads = 0

    def __call__(self) -> Credentials:
        return Credentials("jane", PASSWORD if self.rereads else "old-" + PASSWORD)

    def reread(self, refused: Credentials) -> Credentials:
        self.rereads += 1
        return self()


def test_a_rotated_secret_is_read_again_once_and_the_call_repeated_once() -> None:
    def reply(sent: dict[str, str]) -> bytes:
        return answer(**APPLICATION) if sent["s_pw"] == PASSWORD else answer(530, "Authentication failed")

    credentials = Rotated()
    world = World(reply, credentials=credentials)
    assert world.provider.place("john.com").id == "10700"
    assert (credentials.rereads, len(world.wire.sent)) == (1, 2)


def test_a_login_that_stays_refused_halts() -> None:
    world = World(answer(530), credentials=Rotated())
    with pytest.raises(AccessDenied, match="entity 1234"):
        world.provider.place("john.com")
    assert [sent["COMMAND"] for sent in world.wire.sent] == ["AddDomainApplication"] * 2 + ["StatusAccount"]


ACCOUNT = {"AMOUNT": "1.00", "CREDIT": "0.00", "DEPOSIT": "0.00", "CURRENCY": "USD", "VAT": "0.00"}


@pytest.mark.parametrize("code", [530, 531])
def test_a_refusal_about_one_object_is_no_refused_account(code: int) -> None:
    def reply(sent: dict[str, str]) -> bytes:
        return answer(**ACCOUNT) if sent["COMMAND"] == "StatusAccount" else answer(code, "Authorization failed")

    world = World(reply)
    with pytest.raises(Refused) as caught:
        world.provider.withdraw("10700")
    assert (caught.value.code, caught.value.subject, caught.value.scope) == (code, "10700", Scope.OBJECT)


@pytest.mark.parametrize("silence", [answer(421, "Later"), b"", answer(545, "Object not found")])
def test_where_the_account_does_not_answer_nothing_is_said_of_it_and_nothing_is_repeated(silence: bytes) -> None:
    def reply(sent: dict[str, str]) -> bytes:
        return silence if sent["COMMAND"] == "StatusAccount" else answer(531, "Authorization failed")

    world = World(reply)
    with pytest.raises(Refused):
        world.provider.withdraw("10700")
    assert [sent["COMMAND"] for sent in world.wire.sent] == ["DeleteDomainApplication", "StatusAccount"]


def test_an_account_that_is_refused_is_not_asked_for_again() -> None:
    world = World(answer(530, "Authentication failed"))
    with pytest.raises(AccessDenied):
        world.provider.account()
    assert len(world.wire.sent) == 1


@pytest.fixture
def captured(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join([caplog.text, *(repr(vars(record)) for record in caplog.records)])


@pytest.mark.parametrize(
    "reply",
    [
        answer(530, f"Authentication failed for {PASSWORD}"),
        answer(505, f"s_pw={PASSWORD.replace(' ', '+').replace('+never', '%2Bnever')} is wrong"),
        answer(549, PASSWORD),
        f"<html>{PASSWORD}</html>".encode(),
        requests.ReadTimeout(f"while sending {PASSWORD}"),
        requests.ConnectionError(PASSWORD),
    ],
)
def test_nothing_shows_the_password(reply: Reply, captured: Callable[[], str]) -> None:
    world = World(reply)
    with pytest.raises(Exception, match="AddDomainApplication") as caught:
        world.provider.place("john.com")
    error: BaseException = caught.value
    shown = [captured(), str(error), repr(error), repr(vars(error)), repr(world.provider), repr(vars(world.provider))]
    assert error.__cause__ is None
    assert error.__context__ is None
    # Frames that survive in the traceback hold no password either: an error tracker may print their locals.
    frame = caught.value.__traceback__
    while frame is not None:
        if "backorder" in frame.tb_frame.f_code.co_filename and "tests" not in frame.tb_frame.f_code.co_filename:
            shown.append(repr(frame.tb_frame.f_locals))
        frame = frame.tb_next
    assert not any(PASSWORD in text for text in shown)


@pytest.mark.parametrize(
    ("endpoint", "stage"),
    [
        ("http://provider.example/api", "test"),
        ("http://127.0.0.1/api", "live"),
        ("https://jane:secret-in-url@provider.example/api", "live"),
        ("https://provider.example/api?s_pw=secret-in-url", "live"),
        ("ftp://provider.example/api", "test"),
        ("provider.example", "test"),
    ],
)
def test_an_endpoint_that_could_show_credentials_is_refused(endpoint: str, stage: Stage) -> None:
    with pytest.raises(ValueError, match="endpoint") as caught:
        HexonetClient(endpoint=endpoint, stage=stage, credentials=lambda: Credentials("jane", PASSWORD), pool_size=1)
    assert "secret-in-url" not in str(caught.value)


def test_verification_cannot_be_switched_off_for_the_live_system() -> None:
    session = requests.Session()
    provider = HexonetClient(
        stage="live", credentials=lambda: Credentials("jane", PASSWORD), pool_size=1, session=session
    )
    session.verify = False
    with pytest.raises(ValueError, match="verification"):
        provider.account()
    with pytest.raises(ValueError, match="verification"):
        HexonetClient(stage="live", credentials=lambda: Credentials("jane", PASSWORD), pool_size=1, session=session)


@pytest.mark.parametrize(("stage", "entity"), [("test", "1234"), ("live", "54cd")])
def test_each_stage_has_its_entity(stage: Stage, entity: str) -> None:
    wire = Wire(answer(DOMAIN="john.com"))
    session = requests.Session()
    session.mount("https://", wire)
    HexonetClient(
        endpoint=ENDPOINT,
        stage=stage,
        credentials=lambda: Credentials("jane", PASSWORD),
        pool_size=1,
        session=session,
    ).withdraw("1")
    assert wire.sent[0]["s_entity"] == entity
