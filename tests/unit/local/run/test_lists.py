"""The lists of a run: what they are called, when they come, and when their names drop."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backorder.domain.registries import Registries
from local.run.lists import Names, Unusable, Upload, drops, read_names, start_of, uploads

TODAY = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
START = datetime(2026, 11, 24, tzinfo=UTC)
REGISTRIES = Registries.load()


def a_file(folder: Path, name: str = "monday.txt", text: str = "john.com\njane.net\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text)
    return file


def names_of(folder: Path, text: str) -> Names:
    return read_names(uploads([str(a_file(folder, text=text))], "wanted"))


def test_a_list_is_uploaded_on_the_first_day_under_its_name(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    assert uploads([str(file)], "wanted") == [Upload(str(file), file, "wanted/monday.txt", 0)]


@pytest.mark.parametrize("day", ["0", "1", "17"])
def test_a_day_may_follow(tmp_path: Path, day: str) -> None:
    file = a_file(tmp_path)
    (upload,) = uploads([f"{file}@{day}"], "dropping")
    assert upload == Upload(str(file), file, "dropping/monday.txt", int(day))


def test_a_file_whose_name_has_an_at_is_meant_itself(tmp_path: Path) -> None:
    file = a_file(tmp_path, "monday@2")
    assert uploads([str(file)], "wanted") == [Upload(str(file), file, "wanted/monday@2", 0)]
    (upload,) = uploads([f"{file}@3"], "wanted")
    assert (upload.path, upload.day) == (file, 3)


@pytest.mark.parametrize("day", ["", "x", "-1", "1.5", "1 2", "²"])
def test_a_day_that_is_none_is_told(tmp_path: Path, day: str) -> None:
    file = a_file(tmp_path)
    with pytest.raises(Unusable, match="is no day; give a whole number"):
        uploads([f"{file}@{day}"], "wanted")


def test_a_day_beyond_the_longest_run_is_told(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    with pytest.raises(Unusable, match="days go from 0 to 3650"):
        uploads([f"{file}@3651"], "wanted")


def test_a_folder_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="is a folder, not a file"):
        uploads([str(tmp_path)], "wanted")


@pytest.mark.parametrize("argument", ["nowhere.txt", "nowhere.txt@1"])
def test_a_file_that_is_not_there_is_told(argument: str) -> None:
    with pytest.raises(Unusable, match=r"there is no such file"):
        uploads([argument], "wanted")


def test_the_same_file_twice_has_one_key_and_files_of_one_name_have_several(tmp_path: Path) -> None:
    one, two, three = (a_file(tmp_path / folder) for folder in ("one", "two", "three"))
    chosen = uploads([str(one), str(two), f"{one}@1", str(three)], "wanted")
    keys = {upload.given: upload.key for upload in chosen}
    assert [upload.key for upload in chosen if upload.given == str(one)] == ["wanted/monday.txt"] * 2
    assert keys == {
        str(one): "wanted/monday.txt",
        str(two): "wanted/2-monday.txt",
        str(three): "wanted/3-monday.txt",
    }


def test_files_of_one_name_keep_their_keys_on_every_day(tmp_path: Path) -> None:
    one, two = a_file(tmp_path / "one"), a_file(tmp_path / "two")
    chosen = uploads([str(one), str(two), f"{two}@1", f"{one}@2"], "wanted")
    keys = {(upload.path, upload.key) for upload in chosen}
    assert keys == {(one, "wanted/monday.txt"), (two, "wanted/2-monday.txt")}


def test_all_entries_are_counted_and_each_domain_is_one_name(tmp_path: Path) -> None:
    names = names_of(tmp_path, "john.com\nJOHN.COM\njane.net\nno domain\n")
    assert names.count == 4
    assert [entry.domain.name for entry in names.entries] == ["john.com", "jane.net"]


def test_the_last_list_that_dates_a_name_counts(tmp_path: Path) -> None:
    dated = a_file(tmp_path, "a.csv", "domain,drop date\njohn.com,2026-12-01\n")
    moved = a_file(tmp_path, "b.csv", "domain,drop date\njohn.com,2026-12-05\n")
    plain = a_file(tmp_path, "c.txt")
    for given in ([dated, f"{moved}@1", f"{plain}@2"], [f"{plain}@2", f"{moved}@1", dated]):
        names = read_names(uploads(map(str, given), "wanted"))
        (john,) = (entry for entry in names.entries if entry.domain.name == "john.com")
        assert john.drop_day == date(2026, 12, 5)


def test_without_dates_a_run_starts_today_at_midnight(tmp_path: Path) -> None:
    assert start_of(names_of(tmp_path, "john.com\n"), TODAY, REGISTRIES) == START
    assert start_of(names_of(tmp_path, ""), TODAY, REGISTRIES) == START


def test_a_run_starts_six_days_before_the_first_drop(tmp_path: Path) -> None:
    text = "domain,drop date\njohn.com,2026-12-20\njane.com,2026-12-01\njack.net,\n"
    assert start_of(names_of(tmp_path, text), TODAY, REGISTRIES) == datetime(2026, 11, 25, tzinfo=UTC)


def test_a_name_drops_at_the_start_of_its_zones_batch_on_its_day(tmp_path: Path) -> None:
    names = names_of(tmp_path, "domain,drop date\njohn.com,2026-12-01\n")
    (drop,) = drops(names, START, 1, REGISTRIES)
    begins = REGISTRIES.batch("com", date(2026, 12, 1)).starts_at
    assert drop["domain"] == "john.com"
    assert datetime.fromisoformat(drop["drop_at"]) == begins
    assert "finalization_at" not in drop


def test_a_finalization_date_is_passed_on(tmp_path: Path) -> None:
    names = names_of(tmp_path, "john.com;2026-12-01 15:00:00\n")
    assert list(drops(names, START, 1, REGISTRIES)) == [
        {"domain": "john.com", "finalization_at": "2026-12-01T15:00:00Z"}
    ]


def test_names_without_a_date_drop_on_the_ten_days_that_follow(tmp_path: Path) -> None:
    names = names_of(tmp_path, "".join(f"name{number}.com\n" for number in range(300)))
    days = {datetime.fromisoformat(drop["drop_at"]).date() for drop in drops(names, START, 1, REGISTRIES)}
    assert days == {(START + timedelta(days=1 + day)).date() for day in range(10)}


def test_seed_and_name_decide_the_day_and_nothing_else(tmp_path: Path) -> None:
    text = [f"name{number}.com" for number in range(50)]
    there, back = (names_of(tmp_path / way, "\n".join(lines)) for way, lines in (("a", text), ("b", text[::-1])))

    def days(names: Names, seed: int) -> dict[str, str]:
        return {drop["domain"]: drop["drop_at"] for drop in drops(names, START, seed, REGISTRIES)}

    assert days(there, 1) == days(back, 1) == days(there, 1)
    assert days(there, 1) != days(there, 2)


def test_names_are_read_in_the_encoding_that_is_declared(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("domain;note\nmąka.pl;x\n".encode("cp1250"))
    chosen = uploads([str(file)], "wanted")
    assert [entry.domain.unicode_label for entry in read_names(chosen, "cp1250").entries] == ["mąka"]
    assert (read_names(chosen).entries, read_names(chosen).count) == ((), 1)
