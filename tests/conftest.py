"""What holds for all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from postgres_server import PostgresServer, running

# No test has a time limit, so none of hypothesis has one for an example, or for making up the first
# ones: machines are shared.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# What a shell starts in the background ignores Ctrl-C, and so would programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

USUAL_THRESHOLDS = gc.get_threshold()


@pytest.fixture(autouse=True)
def tidied() -> Iterator[None]:
    """Collect what an App leaves that ran in this process.

    It tells the garbage collector to leave alone what it holds, which is right for a server that
    ends with its process. Here its tries would stay mapped, three descriptors a list.
    """
    yield
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.set_threshold(*USUAL_THRESHOLDS)
        gc.collect()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that all tests of this process share."""
    yield from running()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """An empty database of it."""
    return postgres.new_database()
