"""Settings come from the environment of a function, and are read once, when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

Stage = Literal["test", "live"]


class MissingSetting(RuntimeError):
    """A variable of the environment is missing or unusable; the message names it."""


class Settings(BaseModel):
    """What every function needs. Each function's own settings extend it; a field's alias is the variable's name."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    stage: Stage = Field(alias="STAGE")
    table: str = Field(alias="TABLE_NAME", min_length=1)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises MissingSetting with the name of each variable that is missing or wrong, never with its value."""
        try:
            return cls.model_validate(dict(environment))
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise MissingSetting(f"environment of the function: {faults}") from None


class ProviderSettings(Settings):
    """What a function needs that calls the provider."""

    endpoint: HttpUrl = Field(alias="PROVIDER_ENDPOINT")
    secret: str = Field(alias="PROVIDER_SECRET_ARN", min_length=1)
    connect_timeout: float = Field(5.0, alias="PROVIDER_CONNECT_TIMEOUT", gt=0)
    """Seconds."""
    read_timeout: float = Field(20.0, alias="PROVIDER_READ_TIMEOUT", gt=0)
    """Seconds."""
    back_off: float = Field(0.25, alias="PROVIDER_BACK_OFF", ge=0)
    """Seconds before a temporary failure is tried again the first time, at most."""
