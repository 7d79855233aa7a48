"""Few descriptors are shared so that UDP, the log and the lists find one."""

from __future__ import annotations

import resource

import pytest

from sinkhole.app import descriptors as subject
from sinkhole.app.descriptors import Quotas
from sinkhole.dns.server.places import MAX_CONNECTIONS
from sinkhole.model.errors import SinkholeError


@pytest.mark.parametrize("addresses", [1, 2, 8])
@pytest.mark.parametrize("limit", [80, 256, 1024, 4096, 65_536])
def test_all_quotas_together_fit_into_the_limit(limit: int, addresses: int) -> None:
    quotas = Quotas.of(limit, addresses)
    kept_back = subject.KEPT_BACK + subject.KEPT_BACK_AN_ADDRESS * (addresses + 1)
    assert 2 * quotas.connections + quotas.upstream + kept_back <= limit


@pytest.mark.parametrize("limit", [128, 1024, 65_536])
def test_encrypted_transports_have_their_share(limit: int) -> None:
    quotas = Quotas.of(limit, 2, 3)
    kept_back = subject.KEPT_BACK + subject.KEPT_BACK_AN_ADDRESS * 6
    assert 5 * quotas.connections + quotas.upstream + kept_back <= limit


def test_with_enough_nothing_is_held_back() -> None:
    assert Quotas.of(1024, 2) == (1024, MAX_CONNECTIONS, 1024 - 2 * MAX_CONNECTIONS - 45)
    assert Quotas.of(1024, 2).problem == ""


@pytest.mark.parametrize("limit", [0, 24, 64])
def test_with_too_few_there_is_still_something_of_everything_and_a_problem(limit: int) -> None:
    quotas = Quotas.of(limit, 1)
    assert quotas.connections >= subject.LEAST
    assert quotas.upstream >= subject.LEAST
    assert f"only {limit} files" in quotas.problem
    assert "LimitNOFILE" in quotas.problem


def test_with_next_to_none_it_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8, 8))
    with pytest.raises(SinkholeError, match=r"only 8 files .* too few to start"):
        subject.raise_limit()


@pytest.mark.parametrize(
    ("limits", "attained"),
    [
        ((64, 64), 64),
        ((1024, 4096), 4096),
        ((1024, 1_048_576), 65_536),
        ((100_000, 1_048_576), 100_000),
        ((1024, resource.RLIM_INFINITY), 65_536),
    ],
)
def test_the_limit_is_raised_as_far_as_it_goes_and_makes_sense(
    limits: tuple[int, int], attained: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = [limits]
    monkeypatch.setattr(resource, "getrlimit", lambda _: raised[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    assert subject.attainable() == attained
    subject.raise_limit()
    assert raised[-1] == (attained, limits[1])
    assert len(raised) == 1 + (attained > limits[0])
