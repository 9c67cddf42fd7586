"""The commands: parameters, errors, lists, paging, sessions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from local.emulator import Emulator
from tests.unit.local.emulator.customer import DAY, HOUR, START, Answer, Customer, a_customer, read

DROP = START + 6 * DAY
FINALIZATION = DROP - 3 * HOUR


def add(customer: Customer, domain: str, **parameters: str) -> Answer:
    return customer.send("AddDomainApplication", **{"class": "BACKORDER", **parameters}, domain=domain)


def test_an_order_names_its_zone_in_the_class() -> None:
    answer = add(a_customer(), "John.CO.uk")
    assert (answer["DOMAIN"], answer["CLASS"], answer["STATUS"]) == ("john.co.uk", "COUK_BACKORDER", "REQUESTED")
    assert (answer["CREATEDDATE"], answer["USER"]) == ("2026-11-24 00:00:00", "test.user")


def test_a_name_in_unicode_is_kept_in_ascii_and_shown_both_ways() -> None:
    answer = add(a_customer(), "müller.com")
    assert (answer["DOMAIN"], answer["DOMAINUMLAUT"]) == ("xn--mller-kva.com", "müller.com")


@pytest.mark.parametrize(
    ("domain", "parameters", "code", "speaks_of_the_name"),
    [
        ("john_doe.com", {}, 505, True),
        ("com", {}, 505, True),
        ("-john.com", {}, 505, True),
        ("john..com", {}, 505, True),
        ("", {}, 504, True),
        ("john.com", {"class": ""}, 504, True),
        ("john.com", {"class": "SUNRISE"}, 541, True),
        ("john.com", {"class": "NET_BACKORDER"}, 541, True),
        ("john.de", {}, 510, False),
        ("john.com", {"techcontact0": "P-NOBODY"}, 545, False),
        ("john.com", {"nameserver0": "not a host"}, 505, False),
        ("john.com", {"period": "x"}, 505, False),
        ("john.com", {"period": "11"}, 541, False),
        ("john.com", {"colour": "red"}, 503, False),
        ("john.com", {"nameserver13": "ns1.example.net"}, 503, False),
        ("john.com", {"ownercontact5": "P-TCN1378880"}, 503, False),
        ("john.com", {"techcontact3": "P-TCN1378880"}, 503, False),
    ],
)
def test_an_order_is_refused_for_a_cause(
    domain: str, parameters: dict[str, str], code: int, speaks_of_the_name: bool
) -> None:
    answer = add(a_customer(), domain, **parameters)
    assert answer.code == code
    assert ("DOMAIN" in answer.description or answer.description.endswith("; CLASS")) is speaks_of_the_name


def test_settings_are_kept_shown_and_changed() -> None:
    customer = a_customer()
    contact = "P-TCN1378880"
    answer = add(
        customer, "john.se", techcontact0=contact, nameserver0="ns1.example.net", nameserver1="ns2.example.net"
    )
    assert answer["TECHCONTACT"] == contact
    assert answer.columns["NAMESERVER"] == ["ns1.example.net", "ns2.example.net"]
    assert answer["MISSINGPARAMETER"] == "X-NICSE-IDNUMBER"
    changed = customer.send(
        "ModifyDomainApplication", application=answer["APPLICATION"], x_nicse_idnumber="556677-8899", nameserver1=""
    )
    assert changed.columns["NAMESERVER"] == ["ns1.example.net"]
    assert "MISSINGPARAMETER" not in changed.columns


def test_an_order_that_lacks_what_its_zone_needs_is_taken() -> None:
    assert add(a_customer(), "john.nu").columns["MISSINGPARAMETER"] == [
        "X-NICSE-IDNUMBER",
        "X-NU-ACCEPT-REGISTRATION-TAC",
    ]


def test_or_it_is_refused_unless_it_says_that_it_is_incomplete() -> None:
    customer = a_customer(incomplete="refused")
    refused = add(customer, "john.nu")
    assert (refused.code, refused.description.partition("; ")[2]) == (504, "X-NICSE-IDNUMBER")
    assert add(customer, "john.nu", **{"x-nicse-idnumber": "1", "x-nu-accept-registration-tac": "1"}).code == 200

    taken = add(customer, "jane.nu", incomplete="1")
    change = {"application": taken["APPLICATION"], "x-nicse-idnumber": "1"}
    assert customer.send("ModifyDomainApplication", **change).code == 504
    shown = customer.send("StatusDomainApplication", application=taken["APPLICATION"])
    assert len(shown.columns["MISSINGPARAMETER"]) == 2
    mended = customer.send("ModifyDomainApplication", **change, incomplete="1")
    assert mended.columns["MISSINGPARAMETER"] == ["X-NU-ACCEPT-REGISTRATION-TAC"]


def test_same_answers_a_repeated_order_with_the_existing_application_and_its_old_date() -> None:
    customer = a_customer(duplicates="same")
    first = customer.order("john.com")
    customer.emulator.advance_by(3600)
    again = add(customer, "john.com")
    assert (again.code, again["APPLICATION"], again["CREATEDDATE"]) == (200, first, "2026-11-24 00:00:00")
    assert customer.emulator.state()["created"] == 1


def test_540_refuses_a_repeated_order_even_after_a_former_one_ended() -> None:
    customer = a_customer(duplicates="540")
    customer.order("john.com")
    assert add(customer, "john.com").code == 540
    customer.emulator.schedule("john.com", drop_at=DROP, outcome="FAILED")
    customer.emulator.advance_to(DROP + DAY)
    customer.emulator.schedule("john.com", drop_at=DROP + 60 * DAY)
    assert add(customer, "john.com").code == 540
    assert add(customer, "john.com", new="1")["STATUS"] == "REQUESTED"


@pytest.mark.parametrize("duplicates", ["same", "540", "new"])
def test_new_always_makes_another_application(duplicates: str) -> None:
    customer = a_customer(duplicates=duplicates)
    assert customer.order("john.com") != customer.order("john.com", new="1")
    assert customer.emulator.state()["duplicates"] == 1


def test_another_users_order_is_no_duplicate() -> None:
    customer = a_customer(duplicates="540")
    Customer(customer.emulator, "other.user").order("john.com")
    customer.order("john.com")
    assert customer.emulator.state()["duplicates"] == 0
    assert customer.emulator.state()["created"] == 1


def test_a_subusers_applications_are_listed_unless_the_depth_is_self() -> None:
    customer = a_customer()
    rival = Customer(customer.emulator, "other.user")
    theirs, ours = rival.order("john.com"), customer.order("john.com")
    assert customer.send("QueryDomainApplicationList").columns["APPLICATION"] == [theirs, ours]
    assert customer.send("QueryDomainApplicationList", userdepth="self").columns["APPLICATION"] == [ours]
    assert customer.send("QueryDomainApplicationList", userdepth="SUBUSER").columns["USER"] == ["other.user"]
    assert rival.send("QueryDomainApplicationList").columns["APPLICATION"] == [theirs]
    assert rival.send("StatusDomainApplication", application=ours).code == 545
    assert customer.send("QueryDomainApplicationList", userdepth="DEEP").code == 506


def a_customer_with(*domains: str) -> Customer:
    customer = a_customer()
    for domain in domains:
        customer.order(domain)
        customer.emulator.advance_by(60)
    return customer


@pytest.mark.parametrize(
    ("parameters", "domains"),
    [
        ({}, ["b.com", "a.net", "c.com"]),
        ({"class": "COM_BACKORDER"}, ["b.com", "c.com"]),
        ({"class": "*_backorder"}, ["b.com", "a.net", "c.com"]),
        ({"class0": "NET_*", "class1": "ORG_*"}, ["a.net"]),
        ({"status": "REQUESTED"}, ["b.com", "a.net", "c.com"]),
        ({"status": "ACTIVE"}, []),
        ({"domain": "a.net"}, ["a.net"]),
        ({"domain": "*.com"}, ["b.com", "c.com"]),
        ({"domain0": "C.com", "domain1": "a.net", "domain2": "nobody.com"}, ["a.net", "c.com"]),
        ({"domainregex": "^[ab]"}, ["b.com", "a.net"]),
        ({"orderby": "DOMAIN"}, ["a.net", "b.com", "c.com"]),
        ({"orderby": "CREATEDDATEDESC"}, ["c.com", "a.net", "b.com"]),
        ({"orderby": "CREATEDDATE", "first": "1", "limit": "1"}, ["a.net"]),
    ],
)
def test_applications_are_listed_by_what_is_asked(parameters: dict[str, str], domains: list[str]) -> None:
    answer = a_customer_with("b.com", "a.net", "c.com").send("QueryDomainApplicationList", **parameters)
    assert answer.columns.get("DOMAIN", []) == domains


def test_applications_are_listed_by_their_owner_and_by_one_status() -> None:
    customer = a_customer()
    customer.order("john.com", ownercontact0="P-TUE1378025")
    customer.order("jane.com")
    listed = customer.send("QueryDomainApplicationList", ownercontact="p-tue1378025")
    assert listed.columns["DOMAIN"] == ["john.com"]
    assert customer.send("QueryDomainApplicationList", status0="REQUESTED").code == 503


def test_bookings_are_ones_own_or_those_of_subusers() -> None:
    customer = a_customer(currency="EUR")
    customer.emulator.pay_in(Decimal("1.00"))
    customer.emulator.pay_in(Decimal("2.00"), user="other.user")
    listed = {
        depth: customer.send("QueryAccountingList", userdepth=depth).columns["ACCOUNTINGPRICE"]
        for depth in ("SELF", "SUBUSER")
    }
    assert listed == {"SELF": ["1.00"], "SUBUSER": ["2.00"]}
    (currency,) = customer.send("QueryAccountingList").columns["ACCOUNTINGCURRENCY"]
    assert currency == "eur", "as the reference's sample has it"
    assert customer.send("QueryAccountingList", invoiceid="R1")["TOTAL"] == "0"


@pytest.mark.parametrize(
    ("parameters", "domains"),
    [
        ({}, ["soon.com", "late.net"]),
        ({"maxaccountingdate": "2026-11-30"}, ["soon.com"]),
        ({"minexpirationdate": "2026-11-30"}, ["late.net"]),
        ({"objectsubclass": "NET"}, ["late.net"]),
        ({"objectid": "*.com"}, ["soon.com"]),
        ({"objectclass": "DNSZONE"}, []),
        ({"renewalmode": "autodelete"}, []),
        ({"subuser": "other.user"}, []),
        ({"userdepth": "SUBUSER"}, []),
    ],
)
def test_renewals_are_listed_by_what_is_asked(parameters: dict[str, str], domains: list[str]) -> None:
    customer = a_customer()
    customer.emulator.add_renewal("late.net", START + 9 * DAY, Decimal("12.00"))
    customer.emulator.add_renewal("soon.com", START + 2 * DAY, Decimal("12.00"))
    assert customer.send("QueryObjectRenewalList", **parameters).columns.get("OBJECTID", []) == domains


def test_pages_say_where_they_are() -> None:
    customer = a_customer_with(*(f"name{number}.com" for number in range(5)))
    seen: list[str] = []
    first = 0
    while True:
        page = customer.send("QueryDomainApplicationList", first=str(first), limit="2", orderby="DOMAIN")
        seen += page.columns.get("DOMAIN", [])
        assert (page["FIRST"], page["TOTAL"], page["LIMIT"]) == (str(first), "5", "2")
        assert int(page["LAST"]) == first + int(page["COUNT"]) - 1
        first += int(page["COUNT"])
        if first >= int(page["TOTAL"]):
            break
    assert seen == [f"name{number}.com" for number in range(5)]
    assert customer.send("QueryDomainApplicationList", first="99")["COUNT"] == "0"
    assert customer.send("QueryDomainApplicationList", limit="x").code == 505
    assert customer.send("QueryDomainApplicationList", orderby="COLOUR").code == 541


def test_the_finalization_date_comes_with_an_application_unless_it_is_withheld() -> None:
    for withhold, shown in ((frozenset(), True), (frozenset({"finalization-date"}), False)):
        customer = a_customer(withhold=withhold)
        customer.order("john.com")
        customer.order("undated.com")
        customer.emulator.schedule("john.com", drop_at=DROP)
        column = customer.send("QueryDomainApplicationList").columns.get("FINALIZATIONDATE")
        assert column == (["2026-11-29 21:00:00", ""] if shown else None)


@pytest.fixture(scope="module")
def market() -> Customer:
    """Five names about to drop, on the pending-delete list."""
    customer = a_customer()
    for hour, name in enumerate(("john.com", "shop-app.com", "app24.net", "xn--mller-kva.com", "jane.org")):
        customer.emulator.schedule(name, drop_at=DROP + hour * HOUR)
    customer.emulator.advance_to(DROP - DAY)
    return customer


@pytest.mark.parametrize(
    ("parameters", "domains"),
    [
        ({"zone0": "com"}, {"john.com", "shop-app.com", "xn--mller-kva.com"}),
        ({"zone0": "NET", "zone1": "org"}, {"app24.net", "jane.org"}),
        ({"regexp": "^(john|jane|nobody)$"}, {"john.com", "jane.org"}),
        ({"regexp": "^j.*n"}, {"john.com", "jane.org"}),
        ({"keyword0": "app"}, {"shop-app.com", "app24.net"}),
        ({"keyword0": "app", "keywordmatch": "BEGIN"}, {"app24.net"}),
        ({"keyword0": "app", "keyword1": "shop", "keywordcatenation": "AND"}, {"shop-app.com"}),
        ({"filter0": "NOHYPHENS", "filter1": "NONUMBERS"}, {"john.com", "jane.org"}),
        ({"filter0": "NOIDNS"}, {"john.com", "shop-app.com", "app24.net", "jane.org"}),
        ({"length0": "4"}, {"john.com", "jane.org"}),
        ({"length0": "6"}, {"xn--mller-kva.com"}),
        ({"deletionday0": "2026-11-30", "minfinalizationdate": "2026-11-30"}, {"xn--mller-kva.com", "jane.org"}),
        ({"finalizationdate0": "2026-11-29 21:00:00"}, {"john.com"}),
        ({"maxfinalizationdate": "2026-11-29 22:00:00"}, {"john.com", "shop-app.com"}),
    ],
)
def test_names_about_to_drop_are_listed_by_what_is_asked(
    market: Customer, parameters: dict[str, str], domains: set[str]
) -> None:
    answer = market.send("QueryDomainPendingDeleteList", **parameters)
    assert set(answer.columns.get("DOMAIN", [])) == domains


def test_a_listed_name_shows_its_finalization_date_score_and_zone(market: Customer) -> None:
    answer = market.send("QueryDomainPendingDeleteList", limit="1", orderby="FINALIZATIONDATE")
    assert (answer["DOMAIN"], answer["FINALIZATIONDATE"], answer["SUBCLASS"]) == (
        "john.com",
        "2026-11-29 21:00:00",
        "COM",
    )
    assert answer.columns["COLUMN"] == ["DOMAIN", "FINALIZATIONDATE", "SCORE", "SUBCLASS"]
    assert 0 <= int(answer["SCORE"]) <= 10
    ordered = market.send("QueryDomainPendingDeleteList", orderby="NAMEDESC").columns["DOMAIN"]
    assert ordered == sorted(ordered, reverse=True)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"regexp": "("}, 505),
        ({"length0": "21"}, 541),
        ({"filter0": "NONE"}, 541),
        ({"orderby": "DATE"}, 541),
        ({"deletionday0": "2026-13-01"}, 505),
        ({"finalizationdate0": "tomorrow"}, 505),
    ],
)
def test_an_unusable_filter_is_refused(market: Customer, parameters: dict[str, str], code: int) -> None:
    assert market.send("QueryDomainPendingDeleteList", **parameters).code == code


def test_a_name_is_listed_from_four_days_before_its_drop_until_its_finalization_date() -> None:
    customer = a_customer()
    customer.emulator.schedule("john.com", drop_at=DROP)
    seen = []
    for moment in (DROP - 4 * DAY - timedelta(seconds=1), DROP - 4 * DAY, FINALIZATION - HOUR, FINALIZATION):
        customer.emulator.advance_to(moment)
        seen.append(customer.send("QueryDomainPendingDeleteList")["TOTAL"])
    assert seen == ["0", "1", "1", "0"]


def test_names_convert_both_ways() -> None:
    answer = a_customer().send("ConvertIDN", domain0="äöütest.com", domain1="xn--test-koa2iub.com", domain2="john.com")
    assert answer.columns["ACE"] == ["xn--test-koa2iub.com", "xn--test-koa2iub.com", "john.com"]
    assert answer.columns["IDN"] == ["äöütest.com", "äöütest.com", "john.com"]
    assert a_customer().send("ConvertIDN").code == 504


def test_a_won_name_is_a_domain_in_the_account_and_a_lost_one_may_be_free() -> None:
    customer = a_customer()
    names = [f"name{number}.com" for number in range(40)]
    customer.emulator.schedule("john.com", drop_at=DROP, outcome="SUCCESSFUL")
    customer.order("john.com")
    for name in names:
        customer.emulator.schedule(name, drop_at=DROP, outcome="FAILED")
    before = customer.send("CheckDomains", domain0="john.com", domain1=names[0])
    assert before.columns["DOMAINCHECK"] == ["211 Domain name not available"] * 2
    assert customer.send("StatusDomain", domain="john.com").code == 545
    customer.emulator.advance_to(DROP)
    won = customer.send("StatusDomain", domain="john.com")
    assert (won["CREATEDDATE"], won["EXPIRATIONDATE"]) == ("2026-11-30 00:00:00", "2027-11-30 00:00:00")
    checks = customer.send("CheckDomains", **{f"domain{number}": name for number, name in enumerate(names)})
    assert "210 Available" in checks.columns["DOMAINCHECK"]
    assert "211 Domain name not available" in checks.columns["DOMAINCHECK"]


def test_contacts_options_user_and_logs_answer() -> None:
    customer = a_customer()
    application = customer.order("john.com")
    customer.send("DeleteDomainApplication", application=application)
    assert customer.send("StatusContact", contact="P-TCN1378880")["STATUS"] == "ACTIVE"
    assert customer.send("StatusContact", contact="P-NOBODY").code == 545
    assert customer.send("QueryDomainOptions", domain0="john.com")["ZONETECHCONTACTSMIN"] == "1"
    user = customer.send("StatusUser")
    assert "PRICE_CLASS_DOMAIN_COM_SETUP" in user.columns["RELATIONTYPE"]
    assert "RELATIONTYPE" not in customer.send("StatusUser", relations="0").columns
    log = customer.send("QueryObjectLogList", objectid=application)
    assert log.columns["OPERATIONTYPE"] == ["DELETE", "CREATE"]
    assert customer.send("QueryObjectDeletionLogList")["LOGUSER"] == "test.user"


def test_a_session_takes_the_place_of_the_password_until_it_ends() -> None:
    customer = a_customer()
    session = customer.send("StartSession", timeout="60")["SESSION"]
    customer.credentials = {"s_entity": "1234", "s_session": session}
    assert customer.send("StatusAccount").code == 200
    customer.emulator.advance_by(60)
    assert customer.send("StatusAccount").code == 200
    assert customer.send("EndSession").code == 200
    assert customer.send("StatusAccount").code == 530


def test_a_password_that_was_rotated_opens_nothing_more_and_its_sessions_go_on() -> None:
    customer = a_customer()
    session = customer.send("StartSession")["SESSION"]
    customer.emulator.rotate_password("another")
    assert customer.send("StatusAccount").code == 530
    customer.credentials["s_pw"] = "another"
    assert customer.send("StatusAccount").code == 200
    assert customer.send("CheckAuthentication", subuser="test.user", password="another").code == 200
    customer.credentials = {"s_entity": "1234", "s_session": session}
    assert customer.send("StatusAccount").code == 200


def test_a_session_ends_by_itself() -> None:
    customer = a_customer()
    for parameters, seconds in (({"timeout": "60"}, [61]), ({"timeout": "60", "maxttl": "100"}, [50, 51])):
        login = dict(customer.credentials)
        session = customer.send("StartSession", **parameters)["SESSION"]
        customer.credentials = {"s_entity": "1234", "s_session": session}
        codes = []
        for wait in seconds:
            customer.emulator.advance_by(wait)
            codes.append(customer.send("StatusAccount").code)
        assert codes[-1] == 530
        customer.credentials = login
    assert customer.send("StartSession", timeout="59").code == 541
    assert customer.send("EndSession").code == 545


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"s_entity": "1234"},
        {"s_entity": "1234", "s_login": "test.user", "s_pw": "wrong"},
        {"s_entity": "1234", "s_login": "nobody", "s_pw": "test.passw0rd"},
        {"s_entity": "54cd", "s_login": "test.user", "s_pw": "test.passw0rd"},
        {"s_entity": "1234", "s_session": "made up"},
    ],
)
def test_who_does_not_say_who_calls_is_refused(credentials: dict[str, str]) -> None:
    customer = a_customer()
    customer.credentials = credentials
    assert customer.send("StatusAccount").code == 530


def test_one_acts_for_a_subuser_and_for_nobody_else() -> None:
    customer = a_customer()
    customer.credentials["s_user"] = "other.user"
    assert customer.send("StatusUser")["USER"] == "other.user"
    customer.credentials["s_user"] = "nobody"
    assert customer.send("StatusUser").code == 531
    rival = Customer(customer.emulator, "other.user")
    rival.credentials["s_user"] = "test.user"
    assert rival.send("StatusUser").code == 531


def test_authentication_can_be_checked() -> None:
    customer = a_customer()
    assert customer.send("CheckAuthentication", subuser="test.user", password="test.passw0rd").code == 200
    assert customer.send("CheckAuthentication", subuser="test.user", password="wrong").code == 530


def test_both_ways_of_sending_a_command_and_any_case_are_taken() -> None:
    emulator: Emulator = a_customer().emulator
    credentials = {"S_ENTITY": "1234", "s_Login": "test.user", "s_pw": "test.passw0rd"}
    lines = "[COMMAND]\r\nCommand = adddomainAPPLICATION\r\nclass=backorder\nDomain =john.com\nEOF\n"
    assert read(emulator.call({**credentials, "s_command": lines}))["DOMAIN"] == "john.com"
    assert read(emulator.call({**credentials, "COMMAND": "statusaccount"})).code == 200
    assert emulator.state()["calls"] == {"AddDomainApplication": 1, "StatusAccount": 1}


@pytest.mark.parametrize(("command", "code"), [("BuyEverything", 500), ("", 507)])
def test_what_is_no_command_is_refused(command: str, code: int) -> None:
    assert a_customer().send(command).code == code
