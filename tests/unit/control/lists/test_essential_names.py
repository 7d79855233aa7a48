"""The table of names that no list may block by surprise."""

from __future__ import annotations

import re

from sinkhole.control.lists.essential_names import CONNECTIVITY, ESSENTIAL_NAMES, UPDATES


def test_every_name_is_a_plain_host_name_and_stands_once() -> None:
    assert len(set(ESSENTIAL_NAMES)) == len(ESSENTIAL_NAMES)
    for name in ESSENTIAL_NAMES:
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name)


def test_each_maker_of_systems_has_its_check_and_its_updates() -> None:
    for maker in ("apple.com", "google.com", "msft", "firefox", "ubuntu"):
        assert any(maker in name for name in CONNECTIVITY)
    for maker in ("apple.com", "google.com", "windowsupdate", "mozilla", "debian"):
        assert any(maker in name for name in UPDATES)
