"""What an object in the lists bucket is, by its key: read, left alone, or told of. Never nothing of the three."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.keys import FOLDERS, LONGEST_SHOWN, RULES_KEY, is_clutter, kind_of, shown, why_unread


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("wanted/monday.txt", "wanted"),
        ("dropping/fetched/2026-11-24.csv.gz", "dropping"),
        ("cancel/a b+ü.txt", "cancel"),
        ("wanted//double.txt", "wanted"),
        ("wanted/../up.txt", "wanted"),
        ("wanted/.hidden", "wanted"),
        ("wanted/monday.txt/", "wanted"),
        ("wanted/", "wanted"),
        ("wanted/rules.txt", "wanted"),
        ("wanted/Wanted/x.txt", "wanted"),
        ("rules.toml", "rules"),
    ],
)
def test_what_is_in_its_place_is_read(key: str, kind: str) -> None:
    assert kind_of(key) == kind


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("monday.txt", "it is in none of the folders that are read"),
        ("archive/2025/monday.txt", "it is in none of the folders that are read"),
        ("Wanted/monday.txt", "the folder is called wanted/"),
        ("WANTED/monday.txt", "the folder is called wanted/"),
        (" wanted/monday.txt", "the folder is called wanted/"),
        ("want/monday.txt", "the folder is called wanted/"),
        ("droping/monday.txt", "the folder is called dropping/"),
        ("cancelled/monday.txt", "the folder is called cancel/"),
        ("planned/monday.txt", "it is in none of the folders that are read"),
        ("wanted", "it is no folder but an object"),
        ("Cancel", "it is no folder but an object"),
        ("wanted\\monday.txt", "a folder ends in /, and not in \\"),
        ("/wanted/monday.txt", "wanted/ has to be at the top of the bucket"),
        ("lists/wanted/monday.txt", "wanted/ has to be at the top of the bucket"),
        ("rules.toml.txt", "the rules are called rules.toml"),
        ("RULES.TOML", "the rules are called rules.toml"),
        ("rules (1).toml", "the rules are called rules.toml"),
        ("rules.txt", "the rules are called rules.toml"),
        ("rules", "the rules are called rules.toml"),
        (" rules.toml", "the rules are called rules.toml"),
        ("config/rules.toml", "rules.toml has to be at the top of the bucket"),
        ("wanted/rules.toml", "rules.toml has to be at the top of the bucket"),
        ("dropping/Rules.toml.txt", "rules.toml has to be at the top of the bucket"),
    ],
)
def test_what_nothing_reads_is_told_with_a_hint(key: str, hint: str) -> None:
    assert kind_of(key) is None
    assert not is_clutter(key, 100)
    assert why_unread(key).startswith(hint)


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("wanted/", 0),
        ("Wanted/", 0),
        ("anything/at/all/", 0),
        ("wanted_$folder$", 0),
        (".DS_Store", 6148),
        ("wanted/.DS_Store", 6148),
        ("wanted/._monday.txt", 120),
        ("dropping/__MACOSX/list.csv", 120),
        ("cancel/Thumbs.db", 700),
        ("wanted/desktop.ini", 282),
        ("wanted/DESKTOP.INI", 282),
        ("wanted/~$monday.xlsx", 165),
        ("wanted/.~lock.monday.csv#", 80),
    ],
)
def test_what_people_s_tools_leave_behind_is_left_alone(key: str, size: int) -> None:
    assert is_clutter(key, size)


_words = st.sampled_from(
    [*FOLDERS, *map(str.title, FOLDERS), RULES_KEY, "Rules.toml", "rules", ".DS_Store", "._x", "Thumbs.db"]
)
_ends = st.sampled_from(["", "/", "//", "\\", ".txt", " ", "_$folder$", ".gz", "\n", "s"])
_keys = st.one_of(
    st.lists(st.one_of(_words, _ends, st.text(max_size=5)), min_size=1, max_size=7).map("".join),
    st.text(min_size=1),
).filter(bool)


@given(_keys, st.integers(0, 3))
@example("wanted", 3)
@example("wanted/", 3)
@example("wanted/", 0)
def test_a_key_is_read_left_alone_or_told_of(key: str, size: int) -> None:
    if is_clutter(key, size):
        name = key.rpartition("/")[2]
        assert size == 0 or name[:1] in ".~" or "__MACOSX/" in key or name.lower() in ("thumbs.db", "desktop.ini")
    elif kind_of(key) is None:
        assert why_unread(key)
    else:
        folder, slash, _ = key.partition("/")
        assert key == RULES_KEY or (folder in FOLDERS and slash)


@given(st.lists(_keys, unique=True, min_size=2, max_size=8))
@example(["x" * 1024, "x" * 1023])
@example(["a\nb", "a_b"])
def test_a_key_is_shown_in_bounded_printable_words_and_like_no_other(keys: list[str]) -> None:
    told = [shown(key) for key in keys]
    assert len(set(told)) == len(keys)
    assert all(text.isprintable() and len(text) <= LONGEST_SHOWN for text in told)
    assert all(text == key for text, key in zip(told, keys, strict=True) if key.isprintable() and len(key) <= 150)
