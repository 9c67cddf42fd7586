"""Settings come from the environment; what is missing or wrong is named, and nothing else is said."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from backorder.runtime.settings import MissingSetting, ProviderSettings, Settings

ENVIRONMENT = {
    "STAGE": "test",
    "TABLE_NAME": "backorders",
    "PROVIDER_ENDPOINT": "https://coreapi.1api.net/api/call.cgi",
    "PROVIDER_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:provider",
}


def test_settings_are_read_from_the_environment_and_nothing_else_is() -> None:
    settings = ProviderSettings.from_environment(
        {**ENVIRONMENT, "PATH": "/bin", "PROVIDER_READ_TIMEOUT": "0.5", "PROVIDER_BACK_OFF": "0"}
    )
    assert (settings.stage, settings.table, settings.secret) == (
        "test",
        "backorders",
        ENVIRONMENT["PROVIDER_SECRET_ARN"],
    )
    assert str(settings.endpoint) == ENVIRONMENT["PROVIDER_ENDPOINT"]
    assert (settings.connect_timeout, settings.read_timeout, settings.back_off) == (5.0, 0.5, 0.0)


@pytest.mark.parametrize("name", ENVIRONMENT)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_setting_is_named(name: str, value: str | None) -> None:
    environment = {key: text for key, text in {**ENVIRONMENT, name: value}.items() if text is not None}
    with pytest.raises(MissingSetting) as missing:
        ProviderSettings.from_environment(environment)
    assert name in str(missing.value)
    assert not [other for other in ENVIRONMENT if other != name and other in str(missing.value)]


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(MissingSetting) as missing:
        ProviderSettings.from_environment({})
    assert all(name in str(missing.value) for name in ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STAGE", "production-hunter2"),
        ("PROVIDER_ENDPOINT", "hunter2"),
        ("PROVIDER_ENDPOINT", "ftp://user:hunter2@example.com"),
        ("PROVIDER_CONNECT_TIMEOUT", "hunter2"),
        ("PROVIDER_READ_TIMEOUT", "0"),
        ("PROVIDER_READ_TIMEOUT", "-1"),
        ("PROVIDER_BACK_OFF", "-1"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(MissingSetting, match=name) as wrong:
        ProviderSettings.from_environment({**ENVIRONMENT, name: value})
    assert "hunter2" not in str(wrong.value)
    assert wrong.value.__cause__ is None
    assert wrong.value.__suppress_context__, "pydantic's own message shows the value"


@pytest.mark.parametrize("stage", ["test", "live"])
def test_a_deployment_is_of_one_of_two_stages(stage: str) -> None:
    assert Settings.from_environment({"STAGE": stage, "TABLE_NAME": "t"}).stage == stage


@pytest.mark.parametrize("stage", ["", "Live", "LIVE", "prod"])
def test_no_other_word_reaches_the_live_system(stage: str) -> None:
    with pytest.raises(MissingSetting, match="STAGE"):
        Settings.from_environment({"STAGE": stage, "TABLE_NAME": "t"})


def test_settings_do_not_change_after_the_start() -> None:
    settings = Settings.from_environment({"STAGE": "test", "TABLE_NAME": "t"})
    for name in type(settings).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(settings, name, "live")
