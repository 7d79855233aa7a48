"""What is remembered about a list."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.lists.state import Remembered, SubscriptionState, Version, from_json

OLDEST = Version("d1", "a-block-0.d1.txt.gz", size_bytes=9, since=1.0)
OLDER = Version("d2", "a-block-0.d2.txt.gz", size_bytes=10, since=2.0)
USED = Version("d3", "a-block-0.d3.txt", "a-block-0.d3.trie", 12, 3, 3, since=3.0)
NEWER = Version("d4", "a-block-0.d4.txt", "a-block-0.d4.trie", 1, 1, 1, since=4.0)
STATE = SubscriptionState(
    url="https://example.org/hosts.txt",
    kind="block",
    used=USED,
    previous=(OLDER, OLDEST),
    held=NEWER,
    held_because="it has shrunk",
    accepted=("time.apple.com",),
    etag='"x"',
    last_modified="Sun, 06 Nov 1994 08:49:37 GMT",
    answered_by="https://example.org/hosts.txt",
    checked=1.5,
    changed=1,
    fetch_s=0.5,
    error="HTTP status 404 Not Found",
    unused_since=None,
)


def test_a_state_comes_back_as_it_was() -> None:
    assert from_json(STATE.to_json()) == Remembered(STATE)
    empty = SubscriptionState("file:a", "allow")
    assert from_json(empty.to_json()) == Remembered(empty)


WRITTEN = b"""{
 "format": 2,
 "url": "u",
 "kind": "block",
 "used": {
  "digest": "d",
  "source": "a.txt",
  "compiled": "a.trie",
  "size_bytes": 12,
  "rules": 3,
  "names": 4,
  "since": 1.0,
  "taken_from": ""
 },
 "previous": [
  {
   "digest": "c",
   "source": "b.txt.gz",
   "compiled": "",
   "size_bytes": 0,
   "rules": 0,
   "names": 0,
   "since": 0.0,
   "taken_from": ""
  }
 ],
 "held": null,
 "held_because": "",
 "accepted": [
  "time.apple.com"
 ],
 "etag": "\\udce9",
 "last_modified": "",
 "answered_by": "",
 "checked": 1.5,
 "changed": null,
 "fetch_s": null,
 "compile_s": 0.25,
 "error": "\\u00e4",
 "unused_since": null
}
"""


def test_the_file_is_the_same_byte_for_byte() -> None:
    state = SubscriptionState(
        "u", "block", used=Version("d", "a.txt", "a.trie", 12, 3, 4, 1.0),
        previous=(Version("c", "b.txt.gz"),), accepted=("time.apple.com",), etag="\udce9",
        checked=1.5, compile_s=0.25, error="ä",
    )  # fmt: skip
    assert state.to_json() == WRITTEN
    assert from_json(WRITTEN) == Remembered(state), "even what a server said that is no Unicode"


def test_a_state_names_all_of_its_files() -> None:
    assert STATE.files == {
        "a-block-0.d1.txt.gz", "a-block-0.d2.txt.gz", "a-block-0.d3.txt", "a-block-0.d3.trie",
        "a-block-0.d4.txt", "a-block-0.d4.trie",
    }  # fmt: skip
    assert SubscriptionState("u", "block").files == set()


def test_older_than_the_one_in_use_is_the_newest_that_came_before_it() -> None:
    assert STATE.older == OLDER
    assert SubscriptionState("u", "block", used=OLDER, previous=(USED, OLDEST)).older == OLDEST
    assert SubscriptionState("u", "block", used=OLDEST, previous=(USED, OLDER)).older is None
    assert SubscriptionState("u", "block").older is None


@pytest.mark.parametrize(
    "change",
    [
        {"format": None},
        {"format": 0},
        {"checked": "now"},
        {"checked": "5"},
        {"checked": True},
        {"checked": 10**400},
        {"used": {"digest": "d", "source": "a", "size_bytes": 1.0}},
        {"url": None},
        {"used": 7},
        {"used": {"digest": "d"}},
        {"used": {"digest": 7, "source": "a.txt"}},
        {"used": {"digest": "d", "source": "../../etc/passwd"}},
        {"held": {"digest": "d", "source": "a", "compiled": "/etc/passwd"}},
        {"previous": [{"digest": "d", "source": "a/b"}]},
        {"previous": 1},
        {"previous": [1]},
        {"accepted": [1]},
    ],
    ids=str,
)
def test_a_state_that_is_not_right_in_everything_is_damaged(change: dict[str, object]) -> None:
    values = json.loads(STATE.to_json())
    assert from_json(json.dumps(values | change).encode()) == Remembered(None, "is damaged")


@pytest.mark.parametrize("field", ["url", "kind", "format"])
def test_a_state_that_lacks_what_it_needs_is_damaged(field: str) -> None:
    values = json.loads(STATE.to_json())
    del values[field]
    assert from_json(json.dumps(values).encode()) == Remembered(None, "is damaged")


def test_a_format_to_come_is_used_as_far_as_it_is_understood() -> None:
    values = json.loads(STATE.to_json()) | {"format": 3, "signed_by": {"key": 1}}
    values["used"]["language"] = 7
    trouble = "comes from a newer sinkhole (its format is 3)"
    assert from_json(json.dumps(values).encode()) == Remembered(STATE, trouble)
    values["used"] = ["nothing", "we", "know"]
    assert from_json(json.dumps(values).encode()) == Remembered(None, trouble)


def test_no_more_versions_are_read_than_are_kept() -> None:
    values = json.loads(STATE.to_json())
    values["previous"] *= 50
    found = from_json(json.dumps(values).encode())
    assert found.state is not None and len(found.state.previous) <= 3


def test_the_format_before_is_read_so_that_an_upgrade_loses_no_list() -> None:
    values = {
        "format": 1, "url": "u", "kind": "block", "source": "a.txt", "compiled": "a.trie",
        "digest": "d", "size_bytes": 12, "etag": "e", "last_modified": "", "answered_by": "",
        "checked": 5.0, "changed": 4.0, "error": None, "unused_since": None,
    }  # fmt: skip
    found = from_json(json.dumps(values).encode())
    used = Version("d", "a.txt", "a.trie", 12, since=4.0)
    state = SubscriptionState("u", "block", used=used, etag="e", checked=5.0, changed=4.0)
    assert found == Remembered(state)
    values |= {"source": "", "compiled": "", "digest": "", "size_bytes": 0, "changed": None}
    found = from_json(json.dumps(values).encode())
    assert found.state is not None and found.state.used is None


@given(text=st.binary(max_size=200), cut=st.integers(0, 1200))
@settings(deadline=None, max_examples=100)
def test_no_bytes_make_reading_fail(text: bytes, cut: int) -> None:
    """Reading gives a state or says what is wrong, for any bytes and for a state cut anywhere."""
    damaged = Remembered(None, "is damaged")
    assert from_json(text) == damaged
    assert from_json(STATE.to_json()[:cut]) in (damaged, Remembered(STATE))
