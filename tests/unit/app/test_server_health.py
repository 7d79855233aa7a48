"""When the server is ok, degraded and failing."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.app.server_health import judge_health
from sinkhole.model.status import Health


def judged(**changes: Any) -> Health:
    plain: dict[str, Any] = {
        "is_listening": True, "is_of_use": True, "missing": [], "is_cut_off": False,
        "log_error": None, "state_error": "", "drained": "", "lists": [],
    }  # fmt: skip
    return judge_health(**plain | changes)


def listed(state: str, *, enabled: bool = True) -> dict[str, Any]:
    return {"name": "Ads", "enabled": enabled, "state": state}


def test_all_is_well() -> None:
    lists = [listed("ready"), listed("disabled", enabled=False)]
    assert judged(lists=lists) == Health("ok", ())


def test_a_server_that_answers_nobody_is_failing() -> None:
    missing = ["port 53 is in use"]
    health = judged(is_listening=False, is_of_use=False, is_cut_off=True, missing=missing)
    assert health.reasons == ("DNS is not being answered", "port 53 is in use")
    assert (health.state, health.outline) == ("failing", ("DNS is not being answered",))


def test_a_server_that_nearly_nobody_can_ask_is_failing_as_well() -> None:
    health = judged(is_of_use=False, missing=["0.0.0.0:53 is in use"])
    assert (health.state, health.reasons[1]) == ("failing", "0.0.0.0:53 is in use")
    (outline,) = health.outline
    assert "by IPv4" in outline


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"missing": ["no address 192.0.2.1"]}, "no address 192.0.2.1"),
        ({"is_cut_off": True}, "no upstream answers"),
        ({"log_error": "the disk is full"}, "the query log is not being written: the disk is full"),
        ({"drained": "the server is drained, by Ads"}, "the server is drained, by Ads"),
        ({"lists": [listed("missing")]}, "list Ads is in use: it has not been fetched yet"),
        ({"lists": [listed("failed")]}, "list Ads is in use: it could not be fetched"),
        ({"lists": [listed("quarantined")]}, "list Ads is in use: it is held back"),
    ],
)
def test_what_could_be_better_is_a_reason(changes: dict[str, Any], reason: str) -> None:
    state, (told,), (outline,) = judged(**changes)
    assert state == "degraded"
    assert reason in told
    for private in ("Ads", "192.0.2.1", "the disk is full"):
        assert private not in outline


def test_all_reasons_are_told() -> None:
    health = judged(is_cut_off=True, log_error="full", lists=[listed("missing")] * 2)
    assert len(health.reasons) == 4
    assert health.outline == (
        "no upstream answers, so only what is known here can be",
        "the query log is not being written",
        "a list has not been fetched yet",
    )


def test_a_state_that_cannot_be_written_is_a_reason() -> None:
    state, reasons, outline = judged(state_error="state.db is damaged")
    assert outline == ("nothing can be changed but in the settings file",)
    assert state == "degraded"
    assert reasons == ("nothing can be changed but in the settings file: state.db is damaged",)
