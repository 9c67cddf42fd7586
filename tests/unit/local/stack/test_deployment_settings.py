"""The settings of `sam deploy`: the project says what they begin as, and from then on they are the user's."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.stack.local_stack import TEMPLATE
from local.stack.processes import PROJECT

EXAMPLE = PROJECT / "samconfig.example.toml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a fresh clone as the rule needs."""
    for name in ("Makefile", EXAMPLE.name):
        shutil.copy(PROJECT / name, tmp_path)
    return tmp_path


def make_settings(checkout: Path) -> str:
    subprocess.run(["make", "samconfig.toml"], cwd=checkout, capture_output=True, check=True)
    return (checkout / "samconfig.toml").read_text()


def test_a_fresh_clone_gets_the_example_s_settings(checkout: Path) -> None:
    assert make_settings(checkout) == EXAMPLE.read_text()


def test_what_guided_wrote_into_the_settings_is_kept_though_the_example_is_newer(checkout: Path) -> None:
    make_settings(checkout)
    (checkout / "samconfig.toml").write_text("the user's")
    (checkout / EXAMPLE.name).write_text("newer")

    assert make_settings(checkout) == "the user's"


def test_git_takes_no_notice_of_the_user_s_settings() -> None:
    assert "/samconfig.toml" in (PROJECT / ".gitignore").read_text().splitlines()


def test_the_example_names_parameters_that_the_template_has_and_stacks_that_end_in_their_stage() -> None:
    parameters = yaml_parse(TEMPLATE.read_text())["Parameters"]

    for environment in tomllib.loads(EXAMPLE.read_text()).values():
        if not isinstance(environment, dict):
            continue  # the version of the format
        overrides = dict(
            override.split("=") for override in environment["deploy"]["parameters"]["parameter_overrides"].split()
        )
        assert overrides.keys() <= parameters.keys()
        assert environment["global"]["parameters"]["stack_name"].endswith(f"-{overrides['Stage']}")
