"""What several integration tests stand on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from local.__main__ import start
from tests.integration.runs import Ran, Run
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


@pytest.fixture
def signals_restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], environment_restored: None, signals_restored: None) -> Run:
    """Gives a function that does one run on a stack of its own, with the store in memory unless told otherwise.

    In this process: a new one would load for two seconds what is loaded here.
    """

    def run_here(*arguments: str | Path, status: int = 0) -> Ran:
        store = [] if "--store" in arguments else ["--store", "memory"]
        ended = 0
        try:
            start(["run", *store, *map(str, arguments), "--out", str(tmp_path / "out")])
        except SystemExit as end:
            ended = int(end.code or 0)
        screen, errors = capsys.readouterr()
        assert ended == status, f"{screen}\n{errors}"
        return Ran(ended, screen, errors, tmp_path / "out")

    return run_here
