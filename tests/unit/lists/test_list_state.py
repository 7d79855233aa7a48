"""What is remembered about a list."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.lists.state import State, from_json

STATE = State(
    url="https://example.org/hosts.txt",
    kind="block",
    source="hosts-block-0123456789ab.d1.txt",
    compiled="hosts-block-0123456789ab.d1.trie",
    digest="d1",
    size_bytes=12,
    etag='"x"',
    last_modified="Sun, 06 Nov 1994 08:49:37 GMT",
    answered_by="https://example.org/hosts.txt",
    checked=1.5,
    changed=1,
    error="HTTP status 404 Not Found",
    unused_since=None,
)


def test_a_state_comes_back_as_it_was() -> None:
    assert from_json(STATE.to_json()) == STATE
    assert from_json(State("file:a", "allow").to_json()) == State("file:a", "allow")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"digest": 7},
        {"size_bytes": "12"},
        {"checked": "now"},
        {"url": None},
        {"source": "../../etc/passwd"},
        {"compiled": "/etc/passwd"},
    ],
)
def test_a_state_that_is_not_right_in_everything_is_none(change: dict[str, object]) -> None:
    values = json.loads(STATE.to_json())
    assert from_json(json.dumps(values | change).encode()) is None


@pytest.mark.parametrize("field", ["url", "source", "error", "format"])
def test_a_state_that_lacks_something_is_none_unless_it_may(field: str) -> None:
    values = json.loads(STATE.to_json())
    del values[field]
    found = from_json(json.dumps(values).encode())
    assert found is None or (field == "error" and found.error is None)


@given(text=st.binary(max_size=200), cut=st.integers(0, 600))
@settings(deadline=None, max_examples=100)
def test_no_bytes_make_reading_fail(text: bytes, cut: int) -> None:
    """Reading a state gives a State or None, for any bytes and for a state cut anywhere."""
    assert from_json(text) is None
    assert from_json(STATE.to_json()[:cut]) in (None, STATE)
