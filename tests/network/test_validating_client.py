"""Who validates behind us finds what it finds without us, also where we answer from memory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import dnslib
import pytest
from house import ask, endpoint, house, rcode_of, running
from places import Place
from signed_zones import MISSING, SIGNING, signed_zones, validator

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}")

SECURE: Final = [
    ("www", "A"),
    ("www", "AAAA"),
    ("no", "A"),
    ("no.www", "A"),
    ("x.wild", "A"),
    ("x.y.wild", "A"),
    ("x.wild", "AAAA"),
    ("x.alias", "A"),
    ("x.alias", "AAAA"),
    ("ent", "A"),
    ("below.ent", "A"),
    ("below.moved", "A"),
    ("no.moved", "A"),
    ("child", "DS"),
    ("www.child", "A"),
    ("no.child", "A"),
    ("insecure", "DS"),
    ("www", "DS"),
]
INSECURE: Final = [("www.insecure", "A"), ("www.insecure", "AAAA"), ("no.insecure", "A")]


async def test_who_validates_behind_us_comes_to_the_same(tmp_path: Path) -> None:
    questions = [(f"{name}.{zone}", qtype) for zone in SIGNING for name, qtype in SECURE + INSECURE]
    secure = {(f"{name}.{zone}", qtype) for zone in SIGNING for name, qtype in SECURE}
    without_us, behind_us = tmp_path / "without", [tmp_path / "behind", tmp_path / "again"]
    for folder in (without_us, *behind_us):
        folder.mkdir()
    async with signed_zones(tmp_path) as zones:
        async with validator(without_us, zones, zones.place) as without:
            expected = {each: seen(await ask(without, *each, ad=True)) for each in questions}
        assert {each for each, (_, ad, _) in expected.items() if ad} == secure
        servers = [str(zones.place)]
        async with running(house(tmp_path, upstream__servers=servers)) as app:
            ours = Place(*endpoint(app.addresses[0]))
            for folder in behind_us:
                async with validator(folder, zones, ours) as behind:
                    found = {each: seen(await ask(behind, *each, ad=True)) for each in questions}
                    assert found == expected, folder.name


def seen(reply: dnslib.DNSRecord) -> tuple[str, bool, list[str]]:
    """What a resolver found: the rcode, whether that is proven, and the records."""
    records = [f"{rr.rname} {rr.rtype} {rr.rdata}" for rr in reply.rr]
    return rcode_of(reply), bool(reply.header.ad), sorted(records)
