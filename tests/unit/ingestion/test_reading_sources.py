"""Each source that publishes lists is recognised from what is in them, and its dates are read as it means them."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.reading import Entry, LeftOut, Reject, read_lists
from ingestion.reading.formats.auda import drops_at


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(text: str, name: str = "") -> tuple[str, list[tuple[object, ...]]]:
    """The source; each entry's line, name and what dates it, or line and reason."""
    [found] = read_lists(io.BytesIO(text.encode()), name=name)
    return found.source, [_told(item) for item in found.items]


def _told(item: Entry | Reject | LeftOut) -> tuple[object, ...]:
    assert not isinstance(item, LeftOut), "nothing was left out"
    if isinstance(item, Reject):
        return item.line, item.reason
    dates = [at for at in (item.drop_day, item.drop_at, item.finalization_at) if at is not None]
    return item.line, str(item.domain), *dates


def test_the_providers_list() -> None:
    assert read("john.com;2026-11-27 16:00:00\r\njane.it;2026-11-27 05:00:00\r\n") == (
        "provider",
        [(1, "john.com", utc("2026-11-27T16:00")), (2, "jane.it", utc("2026-11-27T05:00"))],
    )


def test_the_providers_list_with_a_header() -> None:
    assert read("DOMAIN;FINALIZATIONDATE\njohn.com;2026-11-27 00:00:00\n") == (
        "table",
        [(2, "john.com", utc("2026-11-27T00:00"))],
    )


def test_pool_com_has_the_month_first_and_midnight_means_that_day() -> None:
    assert read(
        "1and1app.com,12/4/2026 12:00:00 AM,AUC\r\npuchd.ac,10/25/2026 12:40:00 PM,AUC\r\n"
        "x.com,25/10/2026 1:00:00 AM,AUC\r\n"
    ) == (
        "Pool.com",
        [
            (1, "1and1app.com", date(2026, 12, 4)),
            (2, "puchd.ac", utc("2026-10-25T12:40")),
            (3, "date '25/10/2026 1:00:00 AM' has its day first, and the others of this list do not"),
        ],
    )


def test_nask_has_a_date_above_that_dates_nothing() -> None:
    assert read("2026-08-01\nala-ma-kota.pl\nkot.com.pl\n") == ("NASK", [(2, "ala-ma-kota.pl"), (3, "kot.com.pl")])
    assert read("ala-ma-kota.pl\nkot.com.pl\n") == ("plain text", [(1, "ala-ma-kota.pl"), (2, "kot.com.pl")])
    [found] = read_lists(io.BytesIO(b"2026-08-01\nala.pl\n"))
    assert "after their deletion" in found.note


def test_internetstiftelsen_has_days_behind_tabs() -> None:
    assert read("john.se\t2026-11-27\nbücher.se\t2026-11-28\n") == (
        "Internetstiftelsen",
        [(1, "john.se", date(2026, 11, 27)), (2, "xn--bcher-kva.se", date(2026, 11, 28))],
    )


def test_nominet_has_the_second_of_each_drop() -> None:
    assert read("roid,domain,drop_time\n1-UK,john.co.uk,2026-11-27T00:00:00Z\n2-UK,x.uk,2026-07-01T13:05:09Z\n") == (
        "Nominet",
        [(2, "john.co.uk", utc("2026-11-27T00:00")), (3, "x.uk", utc("2026-07-01T13:05:09"))],
    )


def test_nic_top_has_times_of_china_under_a_header_in_its_code_page() -> None:
    text = "域名,删除时间\r\nsolarroof.top,2026/11/27 2:30\r\nabc.top,2026/12/1 18:00\r\n"
    for encoding in ("gbk", "utf-8"):
        [found] = read_lists(io.BytesIO(text.encode(encoding)))
        assert (found.source, [_told(item) for item in found.items]) == (
            "nic.top",
            [(2, "solarroof.top", utc("2026-11-26T18:30")), (3, "abc.top", utc("2026-12-01T10:00"))],
        )


def test_afnics_open_data_is_no_deletion_list_and_says_so() -> None:
    text = (
        '"Nom de domaine";"Pays BE";"Domaine IDN";"Date de création";"Date de retrait du WHOIS"\n'
        "john.fr;FR;0;15-03-1998;\njane.fr;FR;0;01-01-1997;10-06-1999\n"
    )
    for encoding in ("utf-8", "latin-1"):
        [found] = read_lists(io.BytesIO(text.encode(encoding)))
        assert (found.source, [_told(item) for item in found.items]) == ("AFNIC", [(2, "john.fr"), (3, "jane.fr")])
        assert "every name that was registered" in found.note


def test_registry_mx_lists_what_was_deleted() -> None:
    text = "01/10/26 03:00:16 GMT-6\nDominio,Disponible\nsolarroof.com.mx,true\njohn.mx,true\n"
    assert read(text) == ("registry.mx", [(3, "solarroof.com.mx"), (4, "john.mx")])
    [found] = read_lists(io.BytesIO(text.encode()))
    assert "after their deletion" in found.note


@pytest.mark.parametrize(
    "text",
    [
        "a" * 64 + "  uk.csv.gz\n",
        "A" * 64 + " *uk.csv.gz\r\n",
        "b" * 64,
        "SHA256 (uk.csv.gz) = " + "c" * 64,
    ],
)
def test_a_checksum_beside_a_list_is_ignored_and_says_so(text: str) -> None:
    [found] = read_lists(io.BytesIO(text.encode()))
    assert (found.source, list(found.items)) == ("checksum", [])
    assert found.note.startswith("This is the checksum of another file")


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", " ", " ; ", "|"])
@pytest.mark.parametrize("day", ["2026-11-27", "27/11/2026", "27.11.2026"])
def test_registro_it_has_local_times(delimiter: str, day: str) -> None:
    summer = "2026-07-07" if "-" in day else "07/07/2026"
    text = f"john.it{delimiter}{day}{delimiter}09:00:00\njane.it{delimiter}{summer}{delimiter}16:00:00\n"
    assert read(text) == (
        "Registro.it",
        [(1, "john.it", utc("2026-11-27T08:00")), (2, "jane.it", utc("2026-07-07T14:00"))],
    )


def test_the_providers_names_of_it_are_not_taken_for_the_registrys() -> None:
    assert read("john.it;2026-11-27 05:00:00\njane.it;2026-11-27 12:00:00\n")[0] == "provider"
    assert read("john.it;2026-11-27 09:00:00\njane.it;2026-11-27 16:00:00\n")[0] == "Registro.it"


@pytest.mark.parametrize(
    ("title", "status", "drops"),
    [
        # 15:04:50 UTC of the 16th is 01:04:50 of the 17th in UTC+10: the example on auDA's page.
        ("Deleted domain names\n", "", "2021-12-17T03:00"),
        ("Expired domain names\n", "", "2021-12-17T03:30"),
        ("", "Expired Pending Purge", "2021-12-17T03:30"),
        ("Expired domain names\n", "Pending Delete", "2021-12-17T03:00"),
        ("", "", "2021-12-17T03:00"),
    ],
)
def test_auda_drops_a_name_at_the_next_purge(title: str, status: str, drops: str) -> None:
    text = f"{title}Date,Eligible Purge Time (UTC),Domain Name,Status\n16/12/2021,15:04:50,x.net.au,{status}\n"
    assert read(text) == ("auDA", [(2 + bool(title), "x.net.au", utc(drops))])
    assert read(f"{title}16/12/2021,15:04:50,X.net.au\n")[0] == "auDA"


def test_what_becomes_eligible_at_the_purge_waits_for_the_next() -> None:
    assert drops_at("16/12/2021", "02:59:59", "deleted").at == utc("2021-12-16T03:00")
    assert drops_at("16/12/2021", "03:00:00", "deleted").at == utc("2021-12-17T03:00")
    assert drops_at("16/12/2021", "03:00:00", "expired").at == utc("2021-12-16T03:30")
    assert drops_at("16/12/2021", "03:00:00").at == utc("2021-12-16T03:30")
    assert drops_at("31/12/2021", "23:00:00", "expired").at == utc("2022-01-01T03:30")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2098, 1, 1)), st.sampled_from(["", "deleted", "expired"]))  # noqa: DTZ001
def test_a_purge_is_within_a_day_of_what_it_takes(eligible: datetime, status: str) -> None:
    eligible = eligible.replace(microsecond=0, tzinfo=UTC)
    drop = drops_at(eligible.strftime("%d/%m/%Y"), eligible.strftime("%H:%M:%S"), status).at
    assert timedelta() < drop - eligible <= timedelta(days=1)
    assert (drop.hour, drop.minute) in {"deleted": {(3, 0)}, "expired": {(3, 30)}}.get(status, {(3, 0), (3, 30)})


@pytest.mark.parametrize("name", ["2026112716.txt", "dropping/2026112716.txt", "C:\\2026112716.txt"])
def test_a_file_of_registro_it_says_in_its_name_when_its_names_drop(name: str) -> None:
    drop = utc("2026-11-27T15:00")
    assert read("john.it\nJANE.it\nx_.it\n", name) == (
        "Registro.it",
        [(1, "john.it", drop), (2, "jane.it", drop), (3, "contains an underscore")],
    )


def test_a_file_of_registro_it_may_be_in_an_archive() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("files/2026070709.txt", "john.it\n")
    packed.seek(0)
    [found] = read_lists(packed, name="2026112716.zip")
    assert [_told(item) for item in found.items] == [(1, "john.it", utc("2026-07-07T07:00"))]
    [found] = read_lists(io.BytesIO(gzip.compress(b"john.it\n")), name="2026070709.txt.gz")
    assert [_told(item) for item in found.items] == [(1, "john.it", utc("2026-07-07T07:00"))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("john.it\n", ""),
        ("john.it\n", "2026112710.txt"),
        ("john.it\n", "2026113109.txt"),
        ("john.it\n", "9026112709.txt"),
        ("john.it\n", "20261127.txt"),
        ("john.it\njane.com\n", "2026112709.txt"),
        ("# nothing\n", "2026112709.txt"),
    ],
)
def test_a_name_of_a_file_that_is_not_registro_its_dates_nothing(text: str, name: str) -> None:
    source, items = read(text, name)
    assert source == "plain text"
    assert all(len(item) == 2 for item in items)


def test_a_table_of_it_with_date_and_time_in_two_columns_is_the_registrys() -> None:
    text = (
        "domain;date;time\njohn.it;27/11/2026;09:00:00\njane.it;07/07/2026;16:00\nmax.it;;\neve.it;27/11/2026;25:00\n"
    )
    assert read(text) == (
        "Registro.it",
        [
            (2, "john.it", utc("2026-11-27T08:00")),
            (3, "jane.it", utc("2026-07-07T14:00")),
            (4, "max.it"),
            (5, "date '2026-11-27 25:00' does not exist"),
        ],
    )


@pytest.mark.parametrize("head", ["Domain,Date,Time\n", "Name,Drop Date,Drop Time\n", ""])
@pytest.mark.parametrize(
    ("day", "time", "drops"),
    [
        # Whether it is UTC or UTC+10, and whether a name becomes eligible then or drops: never later than that.
        ("16/12/2021", "15:04:50", "2021-12-17T03:00"),
        ("2021-12-16", "15:04:50", "2021-12-17T03:00"),
        ("16/12/2021", "02:00:00", "2021-12-16T03:00"),
        ("16/12/2021", "13:00:00", "2021-12-16T03:00"),
        ("16/12/2021", "13:00:01", "2021-12-16T03:30"),
        ("16/12/2021", "13:30:00", "2021-12-16T03:30"),
        ("16/12/2021", "13:30:01", "2021-12-17T03:00"),
        ("31/12/2021", "23:59:59", "2022-01-01T03:00"),
    ],
)
def test_a_table_of_au_with_date_and_time_in_two_columns_means_the_first_purge_that_it_can(
    head: str, day: str, time: str, drops: str
) -> None:
    rows = [(f"{name}.com.au", day, time) for name in ("john", "jane")]
    text = head + "".join(",".join(row) + "\n" for row in rows)
    first = 2 if head else 1
    assert read(text) == (
        "auDA",
        [(first, "john.com.au", utc(drops)), (first + 1, "jane.com.au", utc(drops))],
    )


def test_what_cannot_be_read_of_a_date_in_two_columns_is_rejected() -> None:
    assert read(
        "Domain,Date,Time\na.com.au,31/02/2026,10:00\nb.com.au,soon,10:00\nc.com.au,,\nd.com.au,27/11/2026,\n"
    ) == (
        "auDA",
        [
            (2, "date '31/02/2026' does not exist"),
            (3, "date 'soon' cannot be read: write it as YYYY-MM-DD"),
            (4, "c.com.au"),
            (5, "d.com.au", date(2026, 11, 27)),
        ],
    )


@pytest.mark.parametrize(
    ("head", "day", "time", "found"),
    [
        ("domain,drop date,drop time", "2026-11-27", "16:05:00", utc("2026-11-27T16:05")),
        ("domain,date,time", "2026-11-27", "4:05 PM", utc("2026-11-27T16:05")),
        ("domain,date,time (cet)", "27.11.2026", "16:05", utc("2026-11-27T15:05")),
        ("domain,drop date (pst),time", "27.11.2026", "16:05", utc("2026-11-28T00:05")),
        ("domain,date,time", "2026-11-27", "16:05 +01:00", utc("2026-11-27T15:05")),
        # As spreadsheets write a day, and as databases write a moment beside its day.
        ("domain,date,time", "2026-11-27 00:00:00", "16:05", utc("2026-11-27T16:05")),
        ("domain,drop date,drop time", "2026-11-27", "2026-11-27T16:05:00Z", utc("2026-11-27T16:05")),
        ("domain,date,time", "2026-11-27", "00:00", date(2026, 11, 27)),
        ("domain,date,time", "2026-11-27", "", date(2026, 11, 27)),
    ],
)
def test_any_table_may_have_date_and_time_in_two_columns(head: str, day: str, time: str, found: date) -> None:
    assert read(f"{head}\njohn.com,{day},{time}\n") == ("table", [(2, "john.com", found)])


@pytest.mark.parametrize(
    ("day", "time", "reason"),
    [
        ("27/11/2026", "16:05", None),
        ("07/11/2026", "16:05", "date '07/11/2026' may have its day or its month first: write it as YYYY-MM-DD"),
        ("", "16:05", "has the time '16:05' and no date"),
        ("2026-11-27 15:00", "16:05", "has two times, in '2026-11-27 15:00' and '16:05'"),
        ("2026-11-27", "soon", "date '2026-11-27 soon' cannot be read: write it as YYYY-MM-DD"),
    ],
)
def test_nobody_guesses_what_a_date_in_two_columns_means(day: str, time: str, reason: str | None) -> None:
    expected = (2, reason) if reason else (2, "john.com", utc("2026-11-27T16:05"))
    assert read(f"domain,date,time\njohn.com,{day},{time}\n")[1] == [expected]


def test_a_bare_date_is_nobodys_drop() -> None:
    """It may be when the name was registered, or noticed."""
    assert read("domain,date,bl\njohn.com,2026-11-27,3\n") == ("table", [(2, "john.com")])


def test_names_with_dates_of_nobody_known_are_read_where_the_dates_are_clear() -> None:
    assert read("a.com,01/02/2026\nb.com,27/02/2026\nc.com\nd.com,soon\ne.com,2026-03-04,x\n") == (
        "names with dates",
        [
            (1, "a.com", date(2026, 2, 1)),
            (2, "b.com", date(2026, 2, 27)),
            (3, "c.com"),
            (4, "date 'soon' cannot be read: write it as YYYY-MM-DD"),
            (5, "e.com", date(2026, 3, 4)),
        ],
    )
    assert read("a.com 01/02/2026\nb.com 02/02/2026\n")[1] == [
        (1, "date '01/02/2026' may have its day or its month first: write it as YYYY-MM-DD"),
        (2, "b.com", date(2026, 2, 2)),
    ]


@pytest.mark.parametrize("name", ["domain", "Domain Name", "name", "FQDN", "url", "DomainName", '"Domain"'])
@pytest.mark.parametrize(
    "drop",
    [
        *("drop date", "DropDate", "drop_time", "release_at", "date_available", "End Time", "Delete Date"),
        *("End Time (UTC)", '"Drop Date"', "Drop Date UTC"),
    ],
)
def test_an_export_has_every_published_column_in_any_order(name: str, drop: str) -> None:
    for header, row in ((f"{name},BL,{drop}", "john.com,12,{}"), (f"{drop},BL,{name}", "{},12,john.com")):
        text = f"{header}\n" + row.format("2026-11-27 10:00") + "\n" + row.format("11/28/2026") + "\n"
        assert read(text) == (
            "table",
            [(2, "john.com", utc("2026-11-27T10:00")), (3, "john.com", date(2026, 11, 28))],
        )


def test_a_columns_time_zone_is_the_one_that_its_name_says() -> None:
    assert read("Domain;End Time (PST)\njohn.com;2026-11-27 08:05\n")[1] == [(2, "john.com", utc("2026-11-27T16:05"))]
    # Whose time that is nobody knows: it is another column.
    assert read("Domain;End Time (XYZ)\njohn.com;2026-11-27 08:05\n")[1] == [(2, "john.com")]


def test_a_slash_date_is_read_where_the_column_shows_its_order() -> None:
    assert read("domain,drop date\na.com,01/02/2026\nb.com,13/02/2026\nc.com,02/02/2026\n")[1] == [
        (2, "a.com", date(2026, 2, 1)),
        (3, "b.com", date(2026, 2, 13)),
        (4, "c.com", date(2026, 2, 2)),
    ]


def test_a_slash_date_is_ambiguous_where_the_column_shows_both_orders_or_none() -> None:
    ambiguous = (2, "date '01/02/2026' may have its day or its month first: write it as YYYY-MM-DD")
    assert read("domain,drop date\na.com,01/02/2026\nb.com,2026-02-13\n")[1] == [
        ambiguous,
        (3, "b.com", date(2026, 2, 13)),
    ]
    assert read("domain,drop date\na.com,01/02/2026\nb.com,13/02/2026\nc.com,02/13/2026\n")[1] == [
        ambiguous,
        (3, "b.com", date(2026, 2, 13)),
        (4, "c.com", date(2026, 2, 13)),
    ]


def test_rows_after_the_look_ahead_are_held_to_the_order_that_it_showed() -> None:
    rows = [f"n{n}.com,13/02/2026" for n in range(1000)]
    _, items = read("\n".join(["domain,drop date", *rows, "late.com,02/13/2026", "x.com,01/02/2026"]))
    assert items[-2:] == [
        (1002, "date '02/13/2026' has its month first, and the others of this list do not"),
        (1003, "x.com", date(2026, 2, 1)),
    ]


def test_a_table_that_breaks_off_gives_what_came_before() -> None:
    rows = "".join(f"n{n}.com;2026-11-27\n" for n in range(500)).encode()
    packed = gzip.compress(b"domain;drop date\n" + rows)
    [found] = read_lists(io.BytesIO(packed[:-9]))
    *good, last = [_told(item) for item in found.items]
    assert len(good) > 100
    assert good[0] == (2, "n0.com", date(2026, 11, 27))
    assert "is a broken gzip archive" in str(last[1])
