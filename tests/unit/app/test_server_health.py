"""When the server is ok, degraded and failing."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.app.server_health import judge_health
from sinkhole.model.status import Health


def judged(**changes: Any) -> Health:
    plain: dict[str, Any] = {
        "is_listening": True, "missing": [], "is_cut_off": False, "log_error": None,
        "state_error": "", "lists": [],
    }  # fmt: skip
    return judge_health(**plain | changes)


def listed(state: str, *, enabled: bool = True) -> dict[str, Any]:
    return {"name": "Ads", "enabled": enabled, "state": state}


def test_all_is_well() -> None:
    lists = [listed("ready"), listed("disabled", enabled=False)]
    assert judged(lists=lists) == Health("ok", ())


def test_a_server_that_answers_nobody_is_failing() -> None:
    health = judged(is_listening=False, is_cut_off=True, missing=["port 53 is in use"])
    assert health == ("failing", ("DNS is not being answered", "port 53 is in use"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"missing": ["no address 192.0.2.1"]}, "no address 192.0.2.1"),
        ({"is_cut_off": True}, "no upstream answers"),
        ({"log_error": "the disk is full"}, "the query log is not being written: the disk is full"),
        ({"lists": [listed("missing")]}, "list Ads is in use: it has not been fetched yet"),
        ({"lists": [listed("failed")]}, "list Ads is in use: it could not be fetched"),
        ({"lists": [listed("quarantined")]}, "list Ads is in use: it is held back"),
    ],
)
def test_what_could_be_better_is_a_reason(changes: dict[str, Any], reason: str) -> None:
    state, (told,) = judged(**changes)
    assert state == "degraded"
    assert reason in told


def test_all_reasons_are_told() -> None:
    health = judged(is_cut_off=True, log_error="full", lists=[listed("missing")] * 2)
    assert len(health.reasons) == 4


def test_a_state_that_cannot_be_written_is_a_reason() -> None:
    state, reasons = judged(state_error="state.db is damaged")
    assert state == "degraded"
    assert reasons == ("nothing can be changed but in the settings file: state.db is damaged",)
