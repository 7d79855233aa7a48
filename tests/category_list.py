"""A category whose one list is a file, so that no test asks the internet for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from sinkhole.control.lists import categories

MALWARE: Final = "malware: URLhaus"


def only_urlhaus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have `malware` be this list alone; where it comes from, which is not there yet."""
    source = folder / "urlhaus.txt"
    entry = SimpleNamespace(name="URLhaus", url=f"file:{source}")
    monkeypatch.setattr(categories, "LISTS_OF", {"malware": ("urlhaus",)})
    monkeypatch.setattr(categories, "find_entry", lambda catalogue, entry_id: entry)
    return source
