"""Where this server is asked, and what devices are told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from account_kit import refused
from certificates import Certificate, leaf
from houses import ADMIN, VIEWER, BuiltHouse

from sinkhole.app.server_certificate import read_pair
from sinkhole.control.operations import listeners
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import SettingsError
from sinkhole.model.status import CertificateDetails, EncryptedStatus, Problem

Build = Callable[..., Awaitable[BuiltHouse]]

CERTIFICATE: CertificateDetails = {
    "names": ["dns.example.org"], "issuer": "An authority", "expires": 2_000_000_000.0,
    "days_left": 60, "subject": "dns.example.org", "begins": 1_900_000_000.0, "pin": "c2hh",
}  # fmt: skip
GOOD, OTHER = leaf("dns.example.org"), leaf("other.example.org")
PAIR: dict[str, Any] = {"certificate": "c.pem", "certificate_key": "k.pem"}


async def test_each_way_in_says_where_it_is_wanted_and_where_it_is(build: Build) -> None:
    dns = {"listen": ["192.0.2.2:53"], "tls": ["192.0.2.2"], "https": ["192.0.2.2:8443"], **PAIR}
    built = await build({"dns": dns})
    built.told = {"listen": ["192.0.2.2:53"]}
    on = (("TLS", "192.0.2.2:853"), ("HTTP/3", "192.0.2.2:8443"))
    built.encrypted = EncryptedStatus(("dns.example.org",), CERTIFICATE, b"", on)
    built.counters.transports.update({"udp": 3, "tcp": 2, "tls": 7})
    told = await perform(listeners.show, built.house, VIEWER, Nothing())
    shown = [(each.kind, each.wanted, each.listening, each.queries) for each in told.listeners]
    assert shown == [
        ("plain", ["192.0.2.2:53"], ["192.0.2.2:53"], 5),
        ("tls", ["192.0.2.2:853"], ["192.0.2.2:853"], 7),
        ("https", ["192.0.2.2:8443"], [], 0),
        ("h3", ["192.0.2.2:8443"], ["192.0.2.2:8443"], 0),
        ("quic", [], [], 0),
    ]
    assert told.names == ["dns.example.org"]


async def test_http3_can_be_off_while_https_is_on(build: Build) -> None:
    built = await build({"dns": {"https": ["192.0.2.2"], "http3": False, **PAIR}})
    told = await perform(listeners.show, built.house, VIEWER, Nothing())
    assert {each.kind: bool(each.wanted) for each in told.listeners} == {
        "plain": True, "tls": False, "https": True, "h3": False, "quic": False
    }  # fmt: skip


async def test_the_certificate_and_what_is_wrong_are_told(build: Build) -> None:
    built = await build()
    built.problems = [
        Problem("dns.certificate", "warning", "It expires in 2 days.", "Renew it."),
        Problem("lists", "warning", "Another thing.", ""),
    ]
    told = await perform(listeners.show, built.house, VIEWER, Nothing())
    assert told.certificate is None
    built.encrypted = EncryptedStatus(certificate=CERTIFICATE, authority=b"der")
    told = await perform(listeners.show, built.house, VIEWER, Nothing())
    assert told.certificate is not None
    assert (told.certificate.pin, told.certificate.authority) == ("c2hh", True)
    assert [each.text for each in told.problems] == ["It expires in 2 days."]


def given(certificate: Certificate, key: Certificate | None = None) -> listeners.GivenCertificate:
    return listeners.GivenCertificate(
        chain=certificate.chain_pem.decode(), key=(key or certificate).key_pem.decode()
    )


async def test_a_certificate_that_is_given_is_kept_and_named_by_the_settings(build: Build) -> None:
    built = await build()
    path = built.house.certificates.path
    kept = await perform(listeners.give_certificate, built.house, ADMIN, given(GOOD))
    assert (kept.names, kept.expires) == (
        ["dns.example.org"],
        GOOD.x509.not_valid_after_utc.timestamp(),
    )
    dns = built.settings.settings.dns
    assert (dns.certificate, dns.certificate_key) == (path, path)
    assert built.revisions == 1
    await perform(listeners.give_certificate, built.house, ADMIN, given(OTHER))
    assert read_pair(path, path).host_names == ("other.example.org",)
    assert built.revisions == 1, "the settings name it already"
    noted = f"{await built.house.state.audit.entries(10)}"
    assert "listeners.give_certificate" in noted
    assert "PRIVATE KEY" not in noted


async def test_one_that_is_none_is_refused_and_nothing_changes(build: Build) -> None:
    built = await build()
    with refused("certificate_invalid"):
        await perform(listeners.give_certificate, built.house, ADMIN, given(GOOD, OTHER))
    assert not built.house.certificates.path.exists()
    assert (built.settings.settings.dns.certificate, built.revisions) == (None, 0)
    with refused("permission_missing"):
        await perform(listeners.give_certificate, built.house, VIEWER, given(GOOD))


async def test_where_the_file_names_one_it_is_changed_there(build: Build) -> None:
    built = await build({"dns": PAIR})
    with refused("held_by_file"):
        await perform(listeners.give_certificate, built.house, ADMIN, given(GOOD))
    assert not built.house.certificates.path.exists()


async def test_what_is_not_applied_leaves_no_key_behind(build: Build) -> None:
    built = await build()

    async def apply(_: object, *, patient: bool = False) -> list[str]:
        raise SettingsError(["dns.certificate: as arranged"])

    built.settings.apply = apply
    with pytest.raises(SettingsError, match="as arranged"):
        await perform(listeners.give_certificate, built.house, ADMIN, given(GOOD))
    assert not built.house.certificates.path.exists()
