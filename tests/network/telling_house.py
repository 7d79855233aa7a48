"""Settings of a server that has all there is to tell of in /metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import certificates
from fake_upstream import FakeUpstream
from house import house, list_file
from places import nobodys_place

from sinkhole.control.settings import Settings


def telling_house(folder: Path, upstream: FakeUpstream, **changes: Any) -> Settings:
    """With a certificate, a list that blocks ads.example, and copies of the log; `changes` as of
    `house`."""
    pair = certificates.leaf("dns.example.org").write(folder)
    dns: dict[str, Any] = {
        "listen": ["127.0.0.1:0"],
        "tls": [str(nobodys_place())],
        **dict(zip(("certificate", "certificate_key"), map(str, pair), strict=True)),
    }
    lists = [list_file(folder / "mine.txt", "||ads.example^")]
    given = {"dns": dns, "filtering__lists": lists, "shipping": {"file": "q.jsonl"}, **changes}
    return house(folder, upstream, **given)
