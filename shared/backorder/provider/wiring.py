"""A provider client from a function's settings, wired once a cold start."""

from __future__ import annotations

from collections.abc import Callable

import boto3

from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import SecretCredentials
from backorder.provider.port import Called, Provider, unobserved
from backorder.runtime.settings import ProviderSettings


def provider_from(
    settings: ProviderSettings, *, pool_size: int, observe: Callable[[Called], None] = unobserved
) -> Provider:
    """The client of the stage's environment, for up to `pool_size` calls at once; credentials come from the secret."""
    return HexonetClient(
        endpoint=str(settings.endpoint),
        stage=settings.stage,
        credentials=SecretCredentials(settings.secret, boto3.client("secretsmanager")),
        pool_size=pool_size,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        back_off=settings.back_off,
        observe=observe,
    )
