"""A certificate that was given lies in one file with its key, for the server alone."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from certificates import leaf

from sinkhole.app.kept_certificate import KeptCertificate
from sinkhole.app.server_certificate import read_pair
from sinkhole.model.errors import CertificateError, StorageError

GOOD, OTHER = leaf("dns.example.org"), leaf("other.example.org")


async def test_it_is_read_back_as_it_was_given_and_by_nobody_else(tmp_path: Path) -> None:
    kept = KeptCertificate(tmp_path)
    facts = await kept.keep(GOOD.chain_pem, GOOD.key_pem)
    assert facts["names"] == ["dns.example.org"]
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert read_pair(kept.path, kept.path).host_names == ("dns.example.org",)
    await kept.keep(OTHER.chain_pem, OTHER.key_pem)
    assert read_pair(kept.path, kept.path).host_names == ("other.example.org",)
    assert os.listdir(tmp_path) == [kept.path.name]


@pytest.mark.parametrize(
    ("chain", "key", "said"),
    [
        (b"hello", GOOD.key_pem, "the certificate that was given has no certificate in it"),
        (GOOD.chain_pem, b"hello", "the key that was given has no private key in it"),
        (GOOD.chain_pem, OTHER.key_pem, "the key that was given is not the key of the first"),
    ],
)
async def test_what_devices_could_not_be_shown_is_refused_and_the_one_before_stays(
    tmp_path: Path, chain: bytes, key: bytes, said: str
) -> None:
    kept = KeptCertificate(tmp_path)
    await kept.keep(GOOD.chain_pem, GOOD.key_pem)
    before = kept.path.read_bytes()
    with pytest.raises(CertificateError, match=said) as found:
        await kept.keep(chain, key)
    assert "PRIVATE KEY-----\n" not in str(found.value)
    assert kept.path.read_bytes() == before


async def test_two_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    kept = KeptCertificate(tmp_path)
    await asyncio.gather(*(kept.keep(each.chain_pem, each.key_pem) for each in (GOOD, OTHER) * 3))
    assert read_pair(kept.path, kept.path).host_names


async def test_a_folder_that_takes_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"certificate\.pem cannot be written"):
        await KeptCertificate(tmp_path / "gone").keep(GOOD.chain_pem, GOOD.key_pem)


async def test_it_is_forgotten_also_where_there_is_none(tmp_path: Path) -> None:
    kept = KeptCertificate(tmp_path)
    await kept.keep(GOOD.chain_pem, GOOD.key_pem)
    await kept.forget()
    await kept.forget()
    assert not kept.path.exists()
