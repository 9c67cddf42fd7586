"""docs/lists.md says what the code does."""

from __future__ import annotations

import io
import re
from pathlib import Path

from backorder.rules import parse_rules
from ingestion.reading import Entry, read_lists
from ingestion.reading.formats import FORMATS
from ingestion.reading.formats.columns import roles_of

PAGE = (Path(__file__).parents[2] / "docs" / "lists.md").read_text("utf-8")
_block = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def test_every_source_is_named() -> None:
    for form in FORMATS:
        assert f"`{form.name}`" in PAGE


def test_the_rules_in_it_are_rules() -> None:
    [rules] = [parse_rules(text) for kind, text in _block.findall(PAGE) if kind == "toml"]
    assert set(rules.registries) == {"pl", "co.uk"}


def test_the_lists_in_it_are_lists() -> None:
    texts = [text for kind, text in _block.findall(PAGE) if not kind]
    assert len(texts) == 2
    for text, names in zip(texts, (3, 2), strict=True):
        [found] = read_lists(io.BytesIO(text.encode()))
        items = list(found.items)
        assert len(items) == names
        assert all(isinstance(item, Entry) for item in items)


def test_every_column_of_dates_is_one() -> None:
    [sentence] = re.findall(r"Dates are in a column (.*?): the first", PAGE, re.DOTALL)
    columns = re.findall(r"`([^`]+)`", sentence)
    assert len(columns) == 11
    for column in columns:
        roles = roles_of(("domain", column))
        assert roles is not None
        assert roles.drop == column
