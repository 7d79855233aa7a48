"""What each error is to who asked, as a problem and in the older form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sinkhole.control.settings.quoting import misfit
from sinkhole.control.web.refusals import Refused, refusal_of
from sinkhole.model.errors import RequestError, RequestKind, SettingsError, StorageError


def told(error: Exception, path: str = "/api/v1/x") -> tuple[int, dict[str, Any], Any]:
    answer = refusal_of(error).response(path)
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body), answer


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid", 400), ("unauthenticated", 401), ("forbidden", 403), ("not_found", 404),
        ("conflict", 409), ("gone", 410), ("too_many", 429), ("unavailable", 503),
    ],
)  # fmt: skip
def test_each_kind_has_its_status(kind: RequestKind, status: int) -> None:
    found, problem, answer = told(RequestError(kind, "word", "a sentence", {"where": "here:14"}))
    assert found == status
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert problem["status"] == status
    assert problem["code"] == "word"
    assert problem["type"] == "urn:sinkhole:problem:word"
    assert (problem["detail"], problem["where"]) == ("a sentence", "here:14")


def test_who_has_to_say_who_he_is_is_told_how() -> None:
    _, _, answer = told(RequestError("unauthenticated", "word", "text"))
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("more", "after"), [({"retry_after_s": 7.4}, "7"), ({}, "5")])
def test_who_has_to_wait_is_told_how_long(more: dict[str, float], after: str) -> None:
    _, _, answer = told(RequestError("too_many", "locked_out", "wait", more))
    assert answer.headers["Retry-After"] == after


def test_what_an_error_adds_takes_the_place_of_nothing() -> None:
    _, problem, _ = told(RequestError("conflict", "word", "text", {"status": 200, "code": "x"}))
    assert (problem["status"], problem["code"]) == (409, "word")


def test_each_setting_that_is_wrong_is_told_in_its_parts() -> None:
    lines = [
        "file /etc/sinkhole/sinkhole.yaml:14: web.listen: has no port",
        "dns.allow[0]: no network",
        "something else",
        "/etc/sinkhole/sinkhole.yaml:8: is no text",
        misfit("clients", 'tv: "x"', "has no address"),
    ]
    status, problem, _ = told(SettingsError(lines))
    assert (status, problem["code"]) == (422, "invalid_settings")
    assert problem["errors"] == [
        {
            "key": "web.listen",
            "item": "",
            "where": "file /etc/sinkhole/sinkhole.yaml:14",
            "text": "has no port",
        },
        {"key": "dns.allow[0]", "item": "", "where": "", "text": "no network"},
        {"key": "", "item": "", "where": "", "text": "something else"},
        {"key": "", "item": "", "where": "/etc/sinkhole/sinkhole.yaml:8", "text": "is no text"},
        {"key": "clients", "item": 'tv: "x"', "where": "", "text": "has no address"},
    ]


def test_a_bug_tells_nothing_of_itself() -> None:
    status, problem, _ = told(LookupError("a secret of ours"))
    assert (status, problem["code"]) == (500, "bug")
    assert "secret" not in problem["detail"]


def test_older_addresses_keep_their_form() -> None:
    status, answer, _ = told(StorageError("the disk is gone"), "/api/status")
    assert (status, answer) == (503, {"error": "the disk is gone"})
    assert told(StorageError("x"), "/api/v10")[1] == {"error": "x"}


def test_secrets_in_addresses_are_masked() -> None:
    text = "https://anna:secret@example.org/list is not to be had"
    assert "secret" not in Refused(400, "word", text).text
