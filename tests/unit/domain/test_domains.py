"""What is a domain name, and what is told about what is none."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.domains import Domain, NotADomain, _careful, _fast, parse_domain, parse_zone


@pytest.mark.parametrize(
    ("text", "label", "zone"),
    [
        ("john.com", "john", "com"),
        ("  John.COM \t", "john", "com"),
        ("john.com.", "john", "com"),
        ("john.co.uk", "john", "co.uk"),
        ("john.lomza.pl", "john", "lomza.pl"),
        ("john.pl", "john", "pl"),
        ("1-a.com", "1-a", "com"),
        ("www.john.com", "john", "com"),
        ("www.john.lomza.pl", "john", "lomza.pl"),
        ("www.com", "www", "com"),
        ("www.co.uk", "www", "co.uk"),
        ("http://john.com", "john", "com"),
        ("https://www.john.com:8080/a?b=http://c.net#d", "john", "com"),
        ("//john.com/", "john", "com"),
        ("john.com/path", "john", "com"),
        ("bücher.de", "xn--bcher-kva", "de"),
        ("BÜCHER.de", "xn--bcher-kva", "de"),
        ("xn--bcher-kva.de", "xn--bcher-kva", "de"),
        ("straße.de", "xn--strae-oqa", "de"),
        ("пример.рф", "xn--e1afmkfd", "xn--p1ai"),
        ("john。com", "john", "com"),
        ("\uff4a\uff4f\uff48\uff4e.com", "john", "com"),
        ("john.blogspot", None, None),
        ("www.ck", "www", "ck"),
        ("john.com.ck", "john", "com.ck"),
        ("city.kawasaki.jp", "city", "kawasaki.jp"),
        (f"{'a' * 63}.com", "a" * 63, "com"),
    ],
)
def test_a_name_is_found_in_what_lists_write(text: str, label: str | None, zone: str | None) -> None:
    if label is None or zone is None:
        with pytest.raises(NotADomain):
            parse_domain(text)
        return
    assert parse_domain(text) == Domain(f"{label}.{zone}", label, zone)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("com", "is a public suffix, not a name under one"),
        ("co.uk", "is a public suffix, not a name under one"),
        ("lomza.pl", "is a public suffix, not a name under one"),
        ("kawasaki.jp", "is a public suffix, not a name under one"),
        ("john.ck", "is a public suffix, not a name under one"),
        ("john", "has no zone"),
        ("john.zzzz", "ends in no known zone: 'zzzz'"),
        ("a.b.com", "is below the registrable name b.com"),
        ("www.a.b.com", "is below the registrable name b.com"),
        ("john.blogspot.com", "is below the registrable name blogspot.com"),
        ("192.168.0.1", "is an IP address"),
        ("http://192.168.0.1:80/", "is an IP address"),
        ("::1", "is an IP address"),
        ("2001:db8::1", "is an IP address"),
        ("[::1]", "is an IP address"),
        ("john@john.com", "is an e-mail address"),
        ("john_doe.com", "contains an underscore"),
        ('=HYPERLINK("http://john.com")', "begins like a formula"),
        ("+john.com", "begins like a formula"),
        ("@john.com", "begins like a formula"),
        ("-john.com", "has a label that begins or ends with a hyphen"),
        ("john-.com", "has a label that begins or ends with a hyphen"),
        ("ab--cd.com", "has a label with hyphens in third and fourth place"),
        ("john\x00.com", "contains a control character"),
        ("jo\thn.com", "contains a control character"),
        ("jo hn.com", "contains a blank"),
        ("john!.com", "contains a character that no name has: '!'"),
        ("john..com", "has an empty label"),
        (".com", "has an empty label"),
        ("john.com..", "has an empty label"),
        ("http://", "has an empty label"),
        (f"{'a' * 64}.com", "has a label of more than 63 characters"),
        (f"{'ü' * 64}.com", "has a label of more than 63 characters"),
        ("a." * 125 + "com.pl", "is longer than 253 characters"),
        ("a" * 100_000, "is longer than 253 characters"),
    ],
)
def test_what_is_no_name_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(NotADomain) as refusal:
        parse_domain(text)
    if "ü" in text:
        assert "Label too long" in refusal.value.reason
    else:
        assert refusal.value.reason == reason
    assert refusal.value.reason.startswith(refusal.value.kind)


@pytest.mark.parametrize("text", ["☃.com", "xn--a.com", "xn--.com", "a\u202eb.com", "\u0301a.com"])
def test_unicode_that_idna_2008_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(NotADomain):
        parse_domain(text)


def test_a_label_can_be_read_as_people_do() -> None:
    assert parse_domain("xn--bcher-kva.de").unicode_label == "bücher"
    assert parse_domain("john.com").unicode_label == "john"
    assert str(parse_domain("BÜCHER.de")) == "xn--bcher-kva.de"


@given(st.text())
def test_any_text_is_a_domain_or_is_not_and_nothing_else_happens(text: str) -> None:
    try:
        domain = parse_domain(text)
    except NotADomain:
        return
    assert domain.name == f"{domain.label}.{domain.zone}"
    assert domain.name.isascii()
    assert domain.name == domain.name.lower()
    assert parse_domain(domain.name) == domain
    assert domain.unicode_label


_labels = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=8) | st.sampled_from(
    ["www", "com", "co", "ck", "xn--bcher-kva", "ab--c", "city", "kawasaki", "lomza", "x" * 63, "x" * 64, ""]
)
_zones = st.sampled_from(
    [
        "com",
        "co.uk",
        "uk",
        "pl",
        "lomza.pl",
        "ck",
        "kawasaki.jp",
        "jp",
        "city.kawasaki.jp",
        "xn--p1ai",
        "zzzz",
        "er",
        "bd",
    ]
)
_names = st.builds(lambda labels, zone: ".".join([*labels, zone]), st.lists(_labels, max_size=3), _zones)


@given(_names | st.text(string.ascii_lowercase + ".-"))
def test_the_fast_path_says_what_the_careful_one_says(name: str) -> None:
    fast = _fast(name)
    if fast is not None:
        assert fast == _careful(name)


@pytest.mark.parametrize("name", ["john.com", "john.co.uk", "john.lomza.pl", "1.pl", "a-b.org", "john.jp"])
def test_ordinary_names_take_the_fast_path(name: str) -> None:
    assert _fast(name) == _careful(name)


def test_a_zone_is_a_public_suffix() -> None:
    assert [parse_zone(text) for text in ("com", ".CO.UK", "рф", "lomza.pl")] == [
        "com",
        "co.uk",
        "xn--p1ai",
        "lomza.pl",
    ]
    for text in ("zzzz", "john.com", "", "c_m"):
        with pytest.raises(NotADomain):
            parse_zone(text)


def test_capitals_beyond_ascii_are_mapped_as_uts_46_says() -> None:
    # A sigma at the end of a word: str.lower makes another letter of it, and so another name.
    assert parse_domain("ΟΔΟΣ.com").unicode_label == "οδοσ"
    wide = "".join(chr(ord(character) + 0xFEE0) for character in "WWW.John.com")
    assert parse_domain(wide).name == "john.com"
    assert parse_domain("BÜCHER\u3002de").name == "xn--bcher-kva.de"


_good = st.builds(
    "{}.{}".format,
    st.from_regex(r"(?!www\Z)(?!..--)[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
    | st.sampled_from(["bücher", "日本語", "пример", "οδός", "straße"]),
    st.sampled_from(["com", "co.uk", "com.pl", "рф", "xn--p1ai"]),
)


@given(
    _good,
    st.sampled_from(["", " ", "\t", "\u00a0"]),
    st.sampled_from(["", "http://", "HTTPS://", "//", "ftp://"]),
    st.sampled_from(["", "www.", "WWW."]),
    st.sampled_from(["", ".", ":8080", "/", "/a/b?c=d", "#x", "\\x", ".:80/x"]),
    st.booleans(),
)
def test_what_lists_put_around_a_name_changes_nothing(
    name: str, blank: str, scheme: str, www: str, behind: str, capitals: bool
) -> None:
    label = name.upper() if capitals and name.isascii() else name
    assert parse_domain(f"{blank}{scheme}{www}{label}{behind}{blank}") == parse_domain(name)


@given(_good)
def test_a_name_is_the_same_in_unicode_and_in_ascii(name: str) -> None:
    domain = parse_domain(name)
    assert parse_domain(f"{domain.unicode_label}.{domain.zone}") == domain
    assert parse_domain(domain.name) == domain


@pytest.mark.parametrize("zone", ["com", "co.uk"])
def test_www_is_a_name_of_its_own_where_nothing_registrable_would_remain(zone: str) -> None:
    assert parse_domain(f"www.{zone}").name == f"www.{zone}"
    assert parse_domain(f"www.www.{zone}").name == f"www.{zone}"
