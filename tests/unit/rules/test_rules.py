"""`rules.toml`: what it may say, and what is told about a broken one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.states import State
from backorder.domain.values import Origin
from backorder.rules import Rules, RulesError, keep_rules, kept_rules, last_good_rules, parse_rules
from backorder.rules.conditions import Condition
from backorder.rules.expressions import Expression
from local.memory_store import MemoryStore
from tests.factories import a_placed_backorder

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

EVERYTHING = """
[select]
zones = ["com", ".CO.UK", "рф"]
length = [3, 12]
digits = "only"
hyphens = false
idn = false
keywords = { any = ["Shop"], begin = [], end = ["app", "hub"], all = false }
match = "^[a-z]+$"
reject = "casino|xxx"
min_score = 6.0

[select.columns]
BL = ">= 10"
Age = ">= 5"

[score]
length = 4
pronounceable = 1.5
zone = { com = 3, co.uk = 2 }

[limits]
per_day = 200
per_zone = { com = 100 }
spend_per_day = "1000.00"
spend_per_month = 5000

[fees]
default = "70.00"
com = "59.00"
co.uk = "40.00"

[funding]
keep = "10.00"
use_credit = true
reuse_refunds = false
take_back = false
late_minutes = 60

[messages]
time_zone = "Europe/Berlin"

[provider.zones.se]
"X-NICSE-IDNUMBER" = "556677-8899"
lite = true

[registries.pl]
starts = ["09:00", 16:00:00]
time_zone = "Europe/Warsaw"
minutes = 30
weekday = 0
"""


def test_every_section_is_read() -> None:
    rules = parse_rules(EVERYTHING)
    assert rules.select.zones == ("com", "co.uk", "xn--p1ai")
    assert rules.select.length == (3, 12)
    assert rules.select.digits == "only"
    assert rules.select.keywords.any == ("shop",)
    assert rules.select.match == Expression("^[a-z]+$")
    assert rules.select.columns == {"BL": Condition(">=", "10"), "Age": Condition(">=", "5")}
    assert rules.select.min_score == Decimal(6)
    assert (rules.score.length, rules.score.pronounceable, rules.score.words) == (
        Decimal(4),
        Decimal("1.5"),
        Decimal(3),
    )
    assert rules.score.zone == {"com": 3, "co.uk": 2}
    assert rules.limits.per_zone == {"com": 100}
    assert rules.limits.spend_per_month == Decimal(5000)
    assert [rules.fees.of(zone) for zone in ("com", "co.uk", "de")] == [Decimal("59.00"), Decimal("40.00"), Decimal(70)]
    assert rules.funding.keep == Decimal(10)
    assert rules.messages.time_zone == "Europe/Berlin"
    assert rules.provider.extra("se") == {"X-NICSE-IDNUMBER": "556677-8899", "X-BACKORDER-LITE": "1"}
    assert rules.provider.extra("com") == {}
    warsaw = rules.registries["pl"]
    assert (warsaw.starts, warsaw.time_zone.key) == ((time(9), time(16)), "Europe/Warsaw")
    assert (warsaw.minutes, warsaw.weekday) == (30, 0)


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_rules("") == Rules()
    assert Rules().fees.of("com") == Decimal("69.00")
    assert Rules().funding.late_minutes == 360
    assert Rules().score.zone == {"com": 2, "net": 1, "org": 1}
    assert Rules().messages.time_zone == "UTC"


@pytest.mark.parametrize("name", ['"Nowhere"', '"../etc/passwd"', '""', "5", '"Europe"', "[]"])
def test_a_time_zone_has_to_be_one(name: str) -> None:
    with pytest.raises(RulesError, match=r"line 2: messages\.time_zone: .* is no time zone: write its name"):
        parse_rules(f"[messages]\ntime_zone = {name}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[select]\n\nlenght = [3, 4]",
            (
                "line 3: select.lenght: is no key of select: "
                "known are columns, digits, hyphens, idn, keywords, length, match, min_score, reject, zones"
            ),
        ),
        (
            "[selekt]",
            (
                "line 1: selekt: is no key of the file: "
                "known are fees, funding, limits, messages, provider, registries, score, select"
            ),
        ),
        ("select = 1", "line 1: select: write a section: a table with keys"),
        ('[select]\ndigits = "some"', 'line 2: select.digits: write true, false or "only"'),
        ("[select]\nhyphens = 1", "line 2: select.hyphens: write true or false"),
        (
            '[select]\nzones = ["com", "zzzz"]',
            "line 2: select.zones: 'zzzz' is no zone under which names are registered",
        ),
        ('[select]\nzones = "com"', "line 2: select.zones: write a list in square brackets"),
        (
            "[select]\nlength = [9, 3]",
            "line 2: select.length: write the shortest and the longest length, from 1 to 63, such as [3, 12]",
        ),
        (
            '[select]\nmatch = "("',
            "line 2: select.match: is no regular expression: missing ): (",
        ),
        (
            '[select]\nkeywords.any = [""]',
            "line 2: select.keywords.any: an empty keyword is in every name: leave it out",
        ),
        ("[fees]\ncom = 59.0", 'line 2: fees.com: is no amount: write it as a string, such as "59.00"'),
        ('[fees]\ncom = "-1"', "line 2: fees.com: '-1' is no amount: write zero or more, such as \"59.00\""),
        ('[fees]\ncom = "free"', "line 2: fees.com: 'free' is no amount: write it as \"59.00\""),
        ("fees = 3", "line 1: fees: write a section: a table with keys"),
        ("provider.zones.se = 3", "line 1: provider.zones.se: write a section: a table with keys"),
        ("[select]\nzones = [3]", 'line 2: select.zones: 3 is no zone: write it as a string, such as "com"'),
        ("[select]\nmatch = 3", "line 2: select.match: is no regular expression: write it as a string"),
        ("[limits]\nper_day = 1.5", "line 2: limits.per_day: write a whole number"),
        (
            '[provider.zones.se]\nDOMAIN = "x"',
            "line 1: provider.zones.se: 'DOMAIN' is no parameter that a rule may set",
        ),
        (
            '[provider.zones.co.uk]\na = "x"',
            'line 1: provider.zones.co: put a zone with a dot in quotes: [provider.zones."co.uk"]',
        ),
        (
            '[registries.co.uk]\nstarts = ["09:00"]',
            'line 1: registries.co: put a zone with a dot in quotes: [registries."co.uk"]',
        ),
        (
            '[provider]\ntech_contacts = ["P ABC"]',
            "line 2: provider.tech_contacts: write it as the provider has it: letters, digits, dots and hyphens",
        ),
        (
            "[provider.zones.se]\nperiod = 0",
            "line 2: provider.zones.se.period: write 1 or more",
        ),
        (
            "[provider]\ncontacts = []",
            (
                "line 2: provider.contacts: is no key of provider: known are admin_contacts, billing_contacts, "
                "name_servers, owner_contacts, period, tech_contacts, zones"
            ),
        ),
        ("[select]\nlength = [3]", "line 2: select.length: has too few values"),
        ("[select]\nlength = [3, 12, 4]", "line 2: select.length: write at most 2 of them"),
        ("[registries.pl]\nstarts = ['09:00']\nminutes = 0", "line 3: registries.pl.minutes: write more than 0"),
        ("registries = 3", "line 1: registries: write a section: a table with keys"),
        ("[registries.pl]\nminutes = 5", "line 1: registries.pl.starts: is missing: write it"),
        (
            "[registries.pl]\nstarts = []",
            'line 2: registries.pl.starts: write at least one time of day, such as ["14:00"]',
        ),
        ('[registries.pl]\nstarts = "09:00"', "line 2: registries.pl.starts: write a list in square brackets"),
        (
            '[registries.pl]\nstarts = ["9 Uhr"]',
            "line 2: registries.pl.starts: '9 Uhr' is no time of day: write it as \"14:00\"",
        ),
        (
            '[registries.pl]\nstarts = ["25:00"]',
            "line 2: registries.pl.starts: '25:00' is no time of day: write it as \"14:00\"",
        ),
        (
            '[registries.pl]\nstarts = ["09:00"]\ntime_zone = "MEZ"',
            "line 3: registries.pl.time_zone: 'MEZ' is no time zone: write its name, such as \"Europe/Rome\"",
        ),
        (
            '[registries.pl]\nstarts = ["09:00"]\nweekday = 7',
            "line 3: registries.pl.weekday: write 0 (Monday) to 6 (Sunday)",
        ),
        (
            '[registries.pl]\nstarts = ["09:00"]\nstart = 7',
            "line 3: registries.pl.start: is no key of registries.pl: known are minutes, starts, time_zone, weekday",
        ),
        (
            '[registries.zzzz]\nstarts = ["09:00"]',
            "line 1: registries.zzzz: 'zzzz' is no zone under which names are registered",
        ),
        (
            '[select]\nreject = "(a)(?!b)"',
            (
                "line 2: select.reject: is no regular expression: invalid perl operator: (?! "
                "(look-around and back references are not supported: they can take for ever)"
            ),
        ),
        (
            '[select]\nmatch = "' + 10 * ".{999}" + '"',
            "line 2: select.match: is no regular expression: pattern too large - compile failed",
        ),
        ('[select]\nmin_score = "6"', "line 2: select.min_score: write a number"),
        ("[select]\nmin_score = 11", "line 2: select.min_score: write 10 or less"),
        ("[select]\nmin_score = nan", "line 2: select.min_score: write a number"),
        (
            '[select.columns]\nBL = ">= 10"\nAge = "old"',
            ("line 3: select.columns.Age: 'old' is no condition: write a comparison and a value, such as \">= 10\""),
        ),
        (
            "[select.columns]\nBL = 10",
            'line 2: select.columns.BL: is no condition: write it as a string, such as ">= 10"',
        ),
        (
            '[select.columns]\nBL = ">= many"',
            "line 2: select.columns.BL: 'many' is no number: only = and != compare texts",
        ),
        ("[score]\nlength = -1", "line 2: score.length: write 0 or more"),
        (
            "[score]\nlenght = 1",
            "line 2: score.lenght: is no key of score: known are length, pronounceable, words, zone",
        ),
        (
            "[score]\nlength = 0\npronounceable = 0\nwords = 0\nzone = {}",
            "line 1: score: with all weights at zero there is no score: give one of them more",
        ),
        (
            "[score]\nzone = { com = 2, zzzz = 1 }",
            "line 2: score.zone.zzzz: 'zzzz' is no zone under which names are registered",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(text: str, message: str) -> None:
    with pytest.raises(RulesError) as broken:
        parse_rules(text)
    assert str(broken.value) == f"rules.toml, {message}"


def test_all_faults_are_told_at_once_in_order_of_their_lines() -> None:
    faults = "\n".join(["[select]", *(f"unknown{n} = 1" for n in range(12))])
    with pytest.raises(RulesError) as broken:
        parse_rules(faults)
    assert [line.split(":")[0] for line in str(broken.value).splitlines()] == [
        f"rules.toml, line {n}" for n in range(2, 14)
    ]


def test_what_is_no_toml_is_told_with_its_line() -> None:
    with pytest.raises(RulesError, match=r"not valid TOML: .*line 2"):
        parse_rules("[select]\nzones = com")


@given(st.text())
def test_any_text_is_a_rules_file_or_is_broken(text: str) -> None:
    try:
        parse_rules(text)
    except RulesError as broken:
        told = str(broken)
        assert told.startswith("rules.toml")


def test_the_last_good_version_stays_when_a_broken_one_is_uploaded() -> None:
    store = MemoryStore()
    assert kept_rules(store) is None
    assert last_good_rules(store) == Rules()
    keep_rules(store, "[funding]\nlate_minutes = 60", version="1", modified=NOON)
    with pytest.raises(RulesError):
        keep_rules(store, "[funding]\nlate = 60", version="2", modified=NOON + timedelta(hours=1))
    kept = kept_rules(store)
    assert kept is not None
    assert kept.version == "1"
    assert kept.broken is not None
    assert "funding.late" in kept.broken
    keep_rules(store, "[funding]\nlate_minutes = 30", version="3", modified=NOON + timedelta(hours=2))
    kept = kept_rules(store)
    assert kept is not None
    assert (kept.rules.funding.late_minutes, kept.broken) == (30, None)


def test_an_older_version_that_arrives_late_changes_nothing() -> None:
    store = MemoryStore()
    keep_rules(store, "[funding]\nlate_minutes = 60", version="2", modified=NOON)
    assert keep_rules(store, "[funding]\nlate_minutes = 30", version="1", modified=NOON - timedelta(hours=1)) is None
    assert last_good_rules(store).funding.late_minutes == 60


def test_a_value_for_the_provider_has_no_line_break() -> None:
    with pytest.raises(RulesError, match="line break"):
        parse_rules('[provider.zones.com]\n"X-FOO" = "a\\nb"\n')


ORDERS = """
[provider]
owner_contacts = ["P-OWN1"]
tech_contacts = ["P-TEC1", "P-TEC2"]
name_servers = ["ns1.example.net", "ns2.example.net"]
period = 1

[provider.zones.se]
tech_contacts = ["P-TEC3"]
"X-NICSE-IDNUMBER" = "556677-8899"
lite = true

[provider.zones.it]
period = 2
name_servers = []
"""


def test_orders_carry_the_settings_of_all_zones_and_of_their_own_in_their_place() -> None:
    orders = parse_rules(ORDERS).provider
    for_all = {
        "OWNERCONTACT0": "P-OWN1",
        "TECHCONTACT0": "P-TEC1",
        "TECHCONTACT1": "P-TEC2",
        "NAMESERVER0": "ns1.example.net",
        "NAMESERVER1": "ns2.example.net",
        "PERIOD": "1",
    }
    own = {"TECHCONTACT0": "P-TEC3", "X-NICSE-IDNUMBER": "556677-8899", "X-BACKORDER-LITE": "1"}
    assert orders.extra("com") == for_all
    assert orders.extra("se") == {**{name: for_all[name] for name in for_all if name != "TECHCONTACT1"}, **own}
    assert orders.extra("it") == {
        **{name: value for name, value in for_all.items() if not name.startswith("NAMESERVER")},
        "PERIOD": "2",
    }


@pytest.mark.parametrize(
    ("written", "least", "most", "beyond"),
    [
        ("[select]\nlength = [{}, 63]", "1", "63", ("0", "64")),
        ("[select]\nlength = [1, {}]", "1", "63", ("0", "64")),
        ("[select]\nmin_score = {}", "0", "10", ("-0.1", "10.1", "true")),
        ("[score]\nwords = {}", "0", "1000", ("-0.1", "1000.1", "true")),
        ("[limits]\nper_day = {}", "0", "100000", ("-1", "1.5", "true")),
        ("[limits]\nper_zone.com = {}", "0", "100000", ("-1", "1.5")),
        ("[limits]\nspend_per_day = {}", "0", "100000", ("-1", "1.5", "true")),
        ("[fees]\ncom = {}", '"0"', '"69.1234"', ('"-0.01"', '"69.12345"', '"NaN"', '"Infinity"', '"free"')),
        ("[funding]\nlate_minutes = {}", "20", "1440", ("19", "1441")),
        ("[provider]\nperiod = {}", "1", "10", ("0", "11")),
        ("[provider]\nowner_contacts = {}", "[]", '["A", "B", "C", "D", "E"]', ('["A", "B", "C", "D", "E", "F"]',)),
        ("[provider]\nadmin_contacts = {}", "[]", '["A", "B", "C"]', ('["A", "B", "C", "D"]',)),
        ("[provider]\ntech_contacts = {}", "[]", '["A", "B", "C"]', ('["A", "B", "C", "D"]',)),
        ("[provider]\nbilling_contacts = {}", "[]", '["A", "B", "C"]', ('["A", "B", "C", "D"]',)),
        ("[provider]\nname_servers = {}", "[]", str(["a"] * 13), (str(["a"] * 14), '[""]', '[".a"]')),
        ("[provider]\nname_servers = {}", '["a"]', f'["{"a" * 253}"]', (f'["{"a" * 254}"]',)),
        ("[select]\ndigits = {}", "true", "false", ("1", "0", '"none"')),
    ],
)
def test_a_value_may_go_as_far_as_it_has_a_meaning_and_no_further(
    written: str, least: str, most: str, beyond: tuple[str, ...]
) -> None:
    for value in (least, most):
        parse_rules(written.format(value))
    for value in beyond:
        with pytest.raises(RulesError):
            parse_rules(written.format(value))


def test_what_a_file_does_not_say_bounds_nothing_and_spends_no_credit() -> None:
    rules = Rules()
    assert (rules.limits.per_day, rules.limits.spend_per_day, rules.limits.spend_per_month) == (None, None, None)
    assert (rules.funding.keep, rules.funding.use_credit) == (Decimal(0), False)
    assert (rules.funding.reuse_refunds, rules.funding.take_back) == (True, True)
    select = rules.select
    assert (select.digits, select.hyphens, select.idn, select.keywords.all) == (True, True, True, False)
    assert [rules.score.length, rules.score.pronounceable, rules.score.words] == [Decimal(3), Decimal(2), Decimal(3)]
    assert not parse_rules('[provider.zones.se]\nA = "b"').provider.zones["se"].lite


def test_a_perfect_name_has_the_weights_and_that_of_the_best_zone() -> None:
    assert Rules().score.total == 3 + 2 + 3 + 2
    weights = parse_rules("[score]\nlength = 5\npronounceable = 0\nwords = 0.5\nzone = {}").score
    assert weights.total == Decimal("5.5")
    assert parse_rules("[score]\nlength = 0\npronounceable = 0\nwords = 0\nzone.com = 1").score.total == 1


@pytest.mark.parametrize(
    "name", ["COMMAND", "class", "Domain", "NEW", "s_login", "S_PW", "X-Backorder-Lite", "A_B", "A B", "Ä"]
)
def test_no_rule_sets_what_the_pipeline_sends_itself(name: str) -> None:
    with pytest.raises(RulesError, match="is no parameter that a rule may set"):
        parse_rules(f'[provider.zones.se]\n"{name}" = "x"\n')


def test_keywords_are_looked_for_without_the_blanks_around_them() -> None:
    keywords = parse_rules(
        '[select.keywords]\nany = [" Shop "]\nbegin = ["A"]\nend = ["b"]\nall = true'
    ).select.keywords
    assert (keywords.any, keywords.begin, keywords.end, keywords.all) == (("shop",), ("a",), ("b",), True)


MENDING = parse_rules(ORDERS).provider
LACKS = {"lacks": ("x-nicse-idnumber", "OWNERCONTACT0", "X-UNKNOWN")}
CARRIED = {"X-NICSE-IDNUMBER": "556677-8899", "OWNERCONTACT0": "P-OWN1"}


@pytest.mark.parametrize("state", sorted(State))
def test_an_application_that_can_be_mended_gets_what_it_lacks_and_the_rules_say(state: State) -> None:
    mended = MENDING.repair(a_placed_backorder("john.se", state, **LACKS))
    assert mended == (CARRIED if state in (State.REQUESTED, State.ACTIVE) else {})


@pytest.mark.parametrize(
    ("changes", "gets"),
    [
        ({"origin": Origin.FOREIGN}, {}),
        ({"cancel_requested": True}, {}),
        ({"marked_for_withdrawal": True}, {}),
        ({"lacks": ()}, {}),
        ({"lacks": ("X-UNKNOWN",)}, {}),
        ({"amended_with": tuple(CARRIED.items())}, {}),
        ({"amended_with": tuple(CARRIED.items())[:1]}, CARRIED),
        ({"amended_with": (("OWNERCONTACT0", "P-OLD"),)}, CARRIED),
    ],
)
def test_nothing_is_sent_twice_or_for_what_is_not_wanted_or_not_ours(
    changes: dict[str, Any], gets: dict[str, str]
) -> None:
    assert MENDING.repair(a_placed_backorder("john.se", **{**LACKS, **changes})) == gets
