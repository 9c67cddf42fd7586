"""Lists in archives, broken ones, and files that are none."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.reading import Bounds, Entry, LeftOut, Reject, read_lists

NAMES = [f"name-{n}.com" for n in range(500)]
TEXT = "\n".join(NAMES).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def read(content: bytes, bounds: Bounds | None = None) -> dict[str | None, list[str]]:
    """By member: the names, and in brackets the line and the reason of what was rejected."""
    return {
        found.member: [
            f"[{i.line}: {i.reason}]" if isinstance(i, Reject) else str(i.domain)
            for i in found.items
            if not isinstance(i, LeftOut)
        ]
        for found in read_lists(io.BytesIO(content), bounds)
    }


@pytest.mark.parametrize(
    "content", [TEXT, gzip.compress(TEXT), zipped({"list.txt": TEXT})], ids=["plain", "gzip", "zip"]
)
def test_a_list_is_read_in_every_container(content: bytes) -> None:
    assert read(content) == {None: NAMES}


def test_several_members_are_several_lists() -> None:
    content = zipped({"a.txt": b"a.com\n", "folder/b.csv": b"b.com;2026-11-27 16:00:00\n"})
    assert read(content) == {"a.txt": ["a.com"], "folder/b.csv": ["b.com"]}


def test_what_file_managers_leave_behind_is_no_list() -> None:
    content = zipped({"a.txt": b"a.com\n", "__MACOSX/._a.txt": b"x", ".DS_Store": b"x"})
    assert read(content) == {None: ["a.com"]}


README = (
    b"These names were deleted.\n\nSee example.com for more, or write to us.\nAll of it comes without any warranty.\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("readme.txt", README),
        ("README", README + b"https://www.example.com\n"),
        ("LICENSE.txt", b"You may use this list as you like, as long as you say where it is from.\n"),
        ("note.md", b"# Notes\n\nMade on Monday.\n"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)),
        ("desktop.ini", b"[.ShellClassInfo]\r\nIconResource=C:\\Windows\\x.dll,4\r\n"),
    ],
)
def test_what_lies_beside_a_list_in_an_archive_is_none_and_does_not_count(name: str, content: bytes) -> None:
    assert read(zipped({name: content, "a.txt": b"a.com\n"}), Bounds(members=1)) == {None: ["a.com"]}
    assert read(zipped({name: content, "a.txt": b"a.com\n", "b.txt": b"b.com\n"})) == {
        "a.txt": ["a.com"],
        "b.txt": ["b.com"],
    }


@pytest.mark.parametrize(
    "content", [b"john_doe.com\n", b"John Doe.com\n", b"domain,priority\n", b"# nothing\n", b"Names\nx.com\n"]
)
def test_a_list_beside_others_is_not_passed_over_for_what_is_wrong_with_it(content: bytes) -> None:
    assert set(read(zipped({"x.txt": content, "a.txt": b"a.com\n"}))) == {"x.txt", "a.txt"}


def test_an_archive_of_nothing_but_prose_says_what_is_wrong_with_it() -> None:
    assert list(read(zipped({"x.txt": README, "y.txt": README}))) == ["x.txt", "y.txt"]


@pytest.mark.parametrize("members", [1, 3])
def test_an_archive_may_have_its_numbers_in_the_record_of_large_ones(members: int) -> None:
    """As some programs write every archive, however small."""
    lists = {f"{n}.txt": f"n{n}.com\n".encode() for n in range(members)}
    content = zipped(lists)
    at = content.rindex(b"PK\x05\x06")
    _, _, _, _, entries, directory, place, _ = struct.unpack("<4s4H2LH", content[at : at + 22])
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, directory, place)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    found = read(content[:at] + large + locator + end)
    assert [name for names in found.values() for name in names] == [f"n{n}.com" for n in range(members)]
    huge = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, 1 << 30, place)
    assert read(content[:at] + huge + locator + end) == {None: ["[0: is an archive of too many files]"]}


def test_an_archive_without_members_has_no_lists() -> None:
    assert read(zipped({})) == {}


def test_members_go_on_after_one_that_is_no_list() -> None:
    content = zipped(
        {"a.txt": b"a.com\n", "b.zip": zipped({"x.txt": b"x.com"}), "c.html": b"<html>", "d.txt": b"d.com\n"}
    )
    assert read(content) == {
        "a.txt": ["a.com"],
        "b.zip": ["[0: is an archive inside an archive: unpack it first]"],
        "c.html": ["[0: is a web page or XML, not a list]"],
        "d.txt": ["d.com"],
    }


def test_what_a_truncated_archive_still_gives_counts_and_the_rest_is_a_reject() -> None:
    names = "\n".join(f"{n * 7919 % 100_003}-{n * 104_729 % 99_991}.com" for n in range(60_000)).encode()
    packed = gzip.compress(names)
    for cut in (len(packed) // 2, len(packed) - 4):
        *good, last = read(packed[:cut])[None]
        assert len(good) > 25_000
        assert good == names.decode().split("\n")[: len(good)]
        assert last.startswith(f"[{len(good)}: is a broken gzip archive")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped({"a.txt": TEXT})[:-30], "is a broken zip archive: File is not a zip file"),
        (b"\x1f\x8b\x08\x00garbage that is no stream", "is a broken gzip archive"),
        (gzip.compress(gzip.compress(TEXT)), "is an archive inside an archive: unpack it first"),
        (gzip.compress(zipped({"a.txt": TEXT})), "is an archive inside an archive: unpack it first"),
        (zipped({"[Content_Types].xml": b"<xml>", "xl/workbook.xml": b"<xml>"}), "is an Office document"),
        (zipped({"mimetype": b"application/vnd.oasis", "content.xml": b"<xml>"}), "is an Office document"),
        (b"list.txt".ljust(257, b"\0") + b"ustar\x0000", "is a tar archive, not a list: unpack it first"),
        (gzip.compress(b"list.txt".ljust(257, b"\0") + b"ustar\x0000"), "is a tar archive"),
        (b"BZh91AY", "is a bzip2 archive, not a list"),
        (b"%PDF-1.7", "is a PDF document, not a list"),
        (b"\n <!DOCTYPE html><html>", "is a web page or XML, not a list"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", "is binary data, not a list"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "is UTF-32: save it as UTF-8"),
    ],
    # Archives have the time in them: as a part of their names, tests would be others in each process.
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_a_file_that_is_no_list_is_one_reject_with_a_reason(content: bytes, reason: str) -> None:
    [(member, [told])] = read(content).items()
    assert member is None
    assert told.startswith(f"[0: {reason}")


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(zipped({"a.txt": b"a.com\n"}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    assert read(bytes(content)) == {None: ["[0: is encrypted: pack it without a password]"]}


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_fills_anything() -> None:
    bomb = b"a" * 30_000_000
    [told] = read(zipped({"a.txt": bomb}))[None]
    assert told == "[0: is an archive that unpacks to more than 200 times its size]"
    [told] = read(gzip.compress(bomb))[None]
    assert told == "[0: is an archive that unpacks to more than 200 times its size]"
    # What hides its size behind a small part is met on the way.
    *_, told = read(gzip.compress(bomb) + gzip.compress(b"a"))[None]
    assert "more than 200 times its size: the rest was not read" in told
    assert "more than 1,000" in read(zipped({"a.txt": TEXT}), Bounds(size=1000))[None][0]
    assert "more than 1,000 bytes" in read(gzip.compress(TEXT), Bounds(size=1000))[None][-1]
    assert "3 files, more than 2" in read(zipped(dict.fromkeys("abc", b"")), Bounds(members=2))[None][0]


def test_an_archive_with_a_huge_directory_is_refused_before_it_is_read() -> None:
    content = bytearray(zipped({"a.txt": TEXT}))
    at = content.rindex(b"PK\x05\x06")
    for place, value in ((10, b"\xff\xff"), (12, b"\x00\x00\x00\x7f")):
        forged = content.copy()
        forged[at + place : at + place + len(value)] = value
        assert read(bytes(forged)) == {None: ["[0: is an archive of too many files]"]}


def test_a_gzip_of_several_parts_is_one_list() -> None:
    half = len(TEXT) // 2
    assert read(gzip.compress(TEXT[:half]) + gzip.compress(TEXT[half:])) == {None: NAMES}
    assert read(gzip.compress(TEXT) + b"\0" * 600) == {None: NAMES}


def test_what_stands_behind_a_gzip_is_a_reject_and_takes_nothing_with_it() -> None:
    *good, last = read(gzip.compress(TEXT + b"\n") + b"garbage\xff\xff\xff\xff")[None]
    assert good == NAMES
    assert last == "[500: has something behind the end of its gzip archive that is none: that was not read]"


def test_a_member_whose_sum_is_wrong_is_not_trusted_and_the_next_one_is_read() -> None:
    content = bytearray(zipped({"a.txt": TEXT, "b.txt": b"b.com\n"}))
    at = content.index(b"PK\x01\x02")
    content[at + 16 : at + 20] = b"\0\0\0\0"
    assert read(bytes(content)) == {
        "a.txt": ["[0: is a broken zip archive: Bad CRC-32 for file 'a.txt']"],
        "b.txt": ["b.com"],
    }


def test_a_members_name_leads_nowhere() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("../../up.txt", "/root.txt", "a\nb.txt", "..\\..\\up.txt"):
            archive.writestr(name, "a.com")
    assert set(read(file.getvalue())) == {"up.txt", "root.txt", "a_b.txt", "up.txt'"}


def test_a_member_without_a_name_is_a_list_like_any_other() -> None:
    # The name ends at the zero.
    assert read(zipped({"x.txt": b"john.com\n"}).replace(b"x.txt", b"\0.txt")) == {None: ["john.com"]}


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from([TEXT, gzip.compress(TEXT), zipped({"a": TEXT, "b": TEXT})])))
    for _ in range(draw(st.integers(1, 8))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))])


@settings(deadline=None)
@given(_mutated() | st.binary() | st.binary().map(gzip.compress) | st.binary().map(lambda b: zipped({"a": b, "b": b})))
def test_any_bytes_are_entries_and_rejects_on_lines_that_never_go_back(content: bytes) -> None:
    for found in read_lists(io.BytesIO(content)):
        last = 0
        for item in found.items:
            assert isinstance(item, Entry | Reject)
            assert last <= item.line
            assert not isinstance(item, Reject) or item.reason
            last = item.line
