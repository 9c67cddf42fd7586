"""`python -m local choose`: a dry run of the rules, as a user starts it."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack.processes import PROJECT

RULES = """
[select]
zones = ["com", "net"]
length = [3, 12]
digits = false
keywords.any = ["shop", "roof"]
min_score = 6.0

[limits]
per_zone = { com = 1 }

[fees]
com = "59.00"
"""
LIST = """\
solarroof.com;2026-12-01 12:00:00
bestshop.com;2026-12-01 12:00:00
shop1.com;2026-12-01 12:00:00
xqzvshop.net;2026-12-01 12:00:00
roofing.net;2026-12-01 12:00:00
solarroof.com;2026-12-01 12:00:00
john.com;2026-12-01 12:00:00
shop.org;2026-12-01 12:00:00
john_doe.com;2026-12-01 12:00:00
shophome.com;2026-11-01 12:00:00
"""


def choose(*arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "local", "choose", *map(str, arguments), "--at", "2026-11-24T00:00:00"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def test_a_choice_says_what_why_and_for_how_much(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "drops.csv.gz"
    path.write_bytes(gzip.compress(LIST.encode()))
    out = tmp_path / "chosen.csv"
    status, told, errors = choose(path, "--rules", rules, "--out", out)
    assert (status, errors) == (0, "")
    lines = [" ".join(line.split()) for line in told.splitlines()]
    for line in (
        "entries 10",
        "rejected 1",
        "contains an underscore 1",
        "not selected 4",
        "min_score 1",
        "keywords 1",
        "digits 1",
        "zones 1",
        "duplicates 1",
        "chosen 4",
        "2 names would be ordered; if all were won: 128.00 gross, in the account's currency, by rules.toml.",
        "1 more are chosen and over [limits]: per_zone com 1.",
        "1 more are chosen, and too late to be ordered.",
    ):
        assert line in lines, told
    assert any(
        line.startswith("bestshop.com 2 2026-12-01 11:45 59.00 keyword *shop*, score 8.7: short 2.3") for line in lines
    )
    with out.open(newline="") as file:
        rows = {row["domain"]: row["ordered"] for row in csv.DictReader(file)}
    assert rows == {
        "bestshop.com": "yes",
        "roofing.net": "yes",
        "solarroof.com": "over a limit",
        "shophome.com": "too late",
    }


@pytest.mark.parametrize(
    ("content", "rules", "says"),
    [
        (b"john.com\n", "[select]\n\nlenght = 3", "rules.toml, line 3: select.lenght: is no key of select"),
        (b"\x89PNG....", "", "no name could be read from it: is a picture, not a list"),
        (b"", "", "no name could be read from it: it is empty"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(tmp_path: Path, content: bytes, rules: str, says: str) -> None:
    path, rules_path = tmp_path / "list.txt", tmp_path / "rules.toml"
    path.write_bytes(content)
    rules_path.write_text(rules)
    status, told, errors = choose(path, "--rules", rules_path)
    assert (status, told) == (2, "")
    assert says in errors
    assert errors.count("\n") == 1


def test_a_list_that_is_not_there_is_unusable(rules: Path) -> None:
    status, _, errors = choose("nowhere.txt", "--rules", rules)
    assert status == 2
    assert "nowhere.txt" in errors


def test_what_is_read_is_said_before_it_is_read_to_its_end(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "drops.csv"
    path.write_text(LIST)
    _, told, _ = choose(path, "--rules", rules)
    assert told.splitlines()[0] == "reading drops.csv: provider"


def test_an_encoding_may_be_declared(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "drops.csv"
    path.write_bytes("mąka.pl\n".encode("cp1250"))
    rules.write_text("")
    status, told, _ = choose(path, "--rules", rules, "--encoding", "windows-1250")
    assert (status, "drops.csv (plain text, windows-1250)" in told) == (0, True)
    status, _, errors = choose(path, "--rules", rules)
    assert (status, "is in an encoding that is not certain" in errors) == (2, True)
    status, _, errors = choose(path, "--rules", rules, "--encoding", "klingon")
    assert (status, "'klingon' is no encoding" in errors) == (2, True)
