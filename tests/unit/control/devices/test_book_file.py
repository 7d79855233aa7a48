"""The book's file: read as it was written, and never in anybody's way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinkhole.control.devices.book import Device, Seen
from sinkhole.control.devices.book_file import MOST_BYTES, NAME, BookFile, device_data

TABLET = Device(
    "02:00:00:00:00:07",
    bytes.fromhex("020000000007"),
    7,
    Seen(1.0, 2.0),
    {"192.0.2.7": Seen(1.0, 1.5), "2001:db8::7": Seen()},
    {"leases": ("tablet",), "reverse": ("tablet.lan", "t.lan")},
)
PHONE = Device("phone", queries=1)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = BookFile(tmp_path)
    assert file.read() == []
    file.write([device_data(TABLET), device_data(PHONE)])
    assert file.read() == [TABLET, PHONE]
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.remove()
    assert not file.path.exists()
    file.remove()


GOOD = device_data(TABLET)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "[" * 100_000, '{"version":2,"devices":[]}', '{"version":1}', "\ud800"),
        *(
            json.dumps({"version": 1, "devices": devices})
            for devices in (
                *(3, [3], [{}], [{**GOOD, "mac": "zz"}], [{**GOOD, "mac": None}]),
                *([{**GOOD, "seen": [1]}], [{**GOOD, "addresses": []}], [{**GOOD, "names": 3}]),
            )
        ),
        " " * (MOST_BYTES + 1),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_book_is_not_used(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_bytes(text.encode(errors="surrogatepass"))
    assert BookFile(tmp_path).read() == []


def test_a_disk_that_takes_nothing_is_told_of(tmp_path: Path) -> None:
    file = BookFile(tmp_path / "nowhere")
    file.write([device_data(TABLET)])
    assert "can't be saved: No such file" in file.trouble
    (tmp_path / "nowhere").mkdir()
    file.write([device_data(TABLET)])
    assert file.trouble == ""
