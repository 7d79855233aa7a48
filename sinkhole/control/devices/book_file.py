"""The book's file, `devices.json`: so that it is known over a restart since when a device is here.

A file of its own, as it may be lost without harm: state.db is for what may not, is copied into
every backup and synced on each write; the log's database would carry it through all deletions. It
is written some minutes after something changed, and when sinkhole stops.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

from sinkhole.control.devices.book import Device, Seen
from sinkhole.control.devices.facts import SOURCES
from sinkhole.model.files import PRIVATE, write_atomically

log = logging.getLogger(__name__)

NAME: Final = "devices.json"

SAVE_S: Final = 600.0
"""How long after a change the file is written, once for all changes until then."""

MOST_BYTES: Final = 16 << 20
"""A file that is longer is not ours."""

_VERSION: Final = 1

DeviceData = dict[str, Any]
"""A device as JSON can have it."""


class BookFile:
    """Reads and writes it; for a thread, as all of it asks the disk. No trouble ever raises."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.trouble = ""

    def read(self) -> list[Device]:
        """What `Book.restore` takes; [] where there is no file, or none of ours."""
        try:
            with self.path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
            data = json.loads(raw) if len(raw) <= MOST_BYTES else {}
            if data["version"] != _VERSION:
                raise ValueError(f"version {data['version']!r}")
            return [_device(each) for each in data["devices"]]
        except FileNotFoundError:
            return []
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            log.warning("the saved devices are not used: %r", error)
            return []

    def write(self, devices: list[DeviceData]) -> None:
        """Write it anew, as a whole or not at all."""
        text = json.dumps({"version": _VERSION, "devices": devices}, separators=(",", ":"))
        try:
            write_atomically(self.path, [text.encode()], mode=PRIVATE)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"the devices that were met can't be saved: {error.strerror}"
            log.warning("%s", self.trouble)

    def remove(self) -> None:
        """Take it away: nothing is to be known of who was here."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s can't be removed: %s", self.path, error.strerror)


def device_data(device: Device) -> DeviceData:
    """A device as JSON can have it."""
    return {
        "key": device.key,
        "mac": device.mac.hex(":"),
        "queries": device.queries,
        "seen": list(device.seen),
        "addresses": {text: list(seen) for text, seen in device.addresses.items()},
        "names": {source: list(names) for source, names in device.names.items()},
    }


def _device(data: DeviceData) -> Device:
    names = data["names"]
    return Device(
        key=str(data["key"]),
        mac=bytes.fromhex(data["mac"].replace(":", "")),
        queries=int(data["queries"]),
        seen=_seen(data["seen"]),
        addresses={str(text): _seen(seen) for text, seen in data["addresses"].items()},
        names={each: tuple(map(str, names[each])) for each in SOURCES if names.get(each)},
    )


def _seen(data: Any) -> Seen:
    first, last = data
    return Seen(float(first), float(last))
