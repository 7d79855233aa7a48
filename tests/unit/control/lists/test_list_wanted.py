"""What identifies a list on the disk."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.lists.store import _OURS
from sinkhole.control.lists.wanted import list_id


def test_the_id_shows_what_the_list_is() -> None:
    found = list_id("https://lists.example.org/a/Hosts.txt?token=secret", "block")
    assert re.fullmatch(r"hosts-txt-block-[0-9a-f]{12}", found)


def test_address_and_kind_make_the_id() -> None:
    urls = ["https://example.org/a", "https://example.net/a", "file:a"]
    ids = {list_id(url, kind) for url in urls for kind in ("block", "allow")}
    assert len(ids) == 6


@given(url=st.text(max_size=300))
@settings(deadline=None, max_examples=100)
def test_any_address_makes_a_safe_file_name(url: str) -> None:
    """An id is a short file name in plain letters, and the store knows its files as its own."""
    found = list_id(url, "allow")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,70}", found)
    assert _OURS.fullmatch(f"{found}.json")
