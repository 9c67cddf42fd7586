"""What several integration tests stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from tests.lists_world import LISTS, REPORTS, World


@pytest.fixture
def environment_restored() -> Iterator[None]:
    """What a test changes of this process's environment holds for no other one."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in (LISTS, REPORTS):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield World(s3)
