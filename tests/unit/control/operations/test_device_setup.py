"""What devices are told, and the profiles that Apple's install."""

from __future__ import annotations

import plistlib
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from houses import VIEWER, BuiltHouse
from settings_file import settings_from

from sinkhole.control.operations.device_setup import (
    PROFILE_TYPE,
    DeviceSetup,
    DeviceWanted,
    ProfileWanted,
    device_setup,
    show,
)
from sinkhole.control.operations.device_setup import profile as download
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings.stamps import decode_stamp
from sinkhole.model.errors import RequestError
from sinkhole.model.status import CertificateDetails, EncryptedStatus

Build = Callable[..., Awaitable[BuiltHouse]]

NAME = "dns.example.org"


def profile(setup: DeviceSetup, protocol: Literal["https", "tls"], **more: Any) -> dict[str, Any]:
    text = setup.mobileconfig(protocol, **more)
    assert text.startswith(b"<?xml")
    read: dict[str, Any] = plistlib.loads(text)
    return read


def test_urls_and_names_have_the_id_of_the_client_where_it_belongs() -> None:
    anybody, tablet = DeviceSetup(NAME, 443, 853), DeviceSetup(NAME, 8443, 853, "tablet")
    assert anybody.https_url == "https://dns.example.org/dns-query"
    assert tablet.https_url == "https://dns.example.org:8443/dns-query/tablet"
    assert (anybody.tls_name, tablet.tls_name) == (NAME, "tablet.dns.example.org")


def test_each_kind_of_device_gets_a_line_if_it_can_be_served() -> None:
    android, browsers, apple = DeviceSetup(NAME, 443, 853, "tablet").lines()
    assert android == "Android, Private DNS provider hostname: tablet.dns.example.org"
    assert browsers.endswith(": https://dns.example.org/dns-query/tablet")
    assert apple.endswith("sinkhole certificate mobileconfig dns.example.org")
    assert len(DeviceSetup(NAME, 443, 8853).lines()) == 2  # Android has no place for a port
    assert DeviceSetup(NAME).lines() == []


def test_a_profile_for_dns_over_https() -> None:
    whole = profile(DeviceSetup(NAME, 443, 853, "tablet"), "https")
    assert (whole["PayloadType"], whole["PayloadVersion"]) == ("Configuration", 1)
    (settings,) = whole["PayloadContent"]
    assert settings["PayloadType"] == "com.apple.dnsSettings.managed"
    assert settings["DNSSettings"] == {
        "DNSProtocol": "HTTPS",
        "ServerURL": "https://dns.example.org/dns-query/tablet",
    }


def test_a_profile_for_dns_over_tls_with_an_authority() -> None:
    whole = profile(DeviceSetup(NAME, 443, 853), "tls", authority=b"\x30\x03der")
    settings, authority = whole["PayloadContent"]
    assert settings["DNSSettings"] == {"DNSProtocol": "TLS", "ServerName": NAME}
    assert authority["PayloadType"] == "com.apple.security.root"
    assert authority["PayloadContent"] == b"\x30\x03der"


def test_the_same_profile_has_the_same_uuids_and_another_has_others() -> None:
    setup = DeviceSetup(NAME, 443, 853)

    def uuids(read: dict[str, Any]) -> set[str]:
        return {read["PayloadUUID"], *(each["PayloadUUID"] for each in read["PayloadContent"])}

    first = profile(setup, "https", authority=b"x")
    assert len(uuids(first)) == 3
    assert uuids(first) == uuids(profile(setup, "https", authority=b"y"))
    assert not uuids(first) & uuids(profile(setup._replace(client_id="tablet"), "https"))
    assert not uuids(first) & uuids(profile(setup, "tls"))


@pytest.mark.parametrize(
    ("dns", "ports"),
    [
        ({}, (0, 0)),
        ({"https": ["0.0.0.0"], "tls": ["0.0.0.0:8853", "[::]:853"]}, (443, 8853)),
    ],
)
def test_ports_are_those_of_the_settings(dns: dict[str, Any], ports: tuple[int, int]) -> None:
    pair = {"certificate": "c", "certificate_key": "k"}
    setup = device_setup(settings_from({"dns": dns | pair}), NAME, "tablet")
    assert (setup.https_port, setup.tls_port, setup.client_id) == (*ports, "tablet")


# ---- operations --------------------------------------------------------------------------------

HTTPS = {"https": ["0.0.0.0"], "certificate": "c.pem", "certificate_key": "k.pem"}


def names(*more: str) -> CertificateDetails:
    return {
        "names": [NAME, *more], "issuer": "An authority", "expires": 2e9, "days_left": 60,
        "subject": NAME, "begins": 1e9, "pin": "c2hh",
    }  # fmt: skip


async def test_a_device_is_told_what_works_for_it(build: Build) -> None:
    built = await build({"dns": {**HTTPS, "tls": ["0.0.0.0:8853"]}})
    built.encrypted = EncryptedStatus((NAME,), names())
    told = await perform(show, built.house, VIEWER, DeviceWanted(client_id="tablet"))
    assert (told.name, told.android) == (NAME, "")  # which takes port 853 alone
    assert told.https == "https://dns.example.org/dns-query/tablet"
    assert told.profiles == ["https"]
    assert sorted(told.stamps) == ["https", "tls"]
    assert decode_stamp(told.stamps["https"]).text == told.https
    assert decode_stamp(told.stamps["tls"]).text == "tls://tablet.dns.example.org:8853"
    assert not told.fits
    built.encrypted = EncryptedStatus((NAME,), names("*.dns.example.org"), b"der")
    told = await perform(show, built.house, VIEWER, DeviceWanted(client_id="tablet"))
    assert told.fits and told.authority


async def test_a_profile_brings_the_authority_that_devices_do_not_know(build: Build) -> None:
    built = await build({"dns": HTTPS})
    built.encrypted = EncryptedStatus((NAME,), names(), b"der")
    made = await perform(download, built.house, VIEWER, ProfileWanted(client_id="tablet"))
    assert (made.media_type, made.file_name) == (PROFILE_TYPE, "tablet.mobileconfig")
    told, authority = plistlib.loads(b"".join([each async for each in made.chunks]))[
        "PayloadContent"
    ]
    assert told["DNSSettings"]["ServerURL"].endswith("/tablet")
    assert authority["PayloadContent"] == b"der"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "elsewhere.example.net"}, "name_unknown"),
        ({"client_id": "no id!"}, "client_id_invalid"),
        ({"protocol": "tls"}, "nothing_listens"),
    ],
)
async def test_no_profile_leads_elsewhere_or_nowhere(
    build: Build, given: dict[str, Any], code: str
) -> None:
    built = await build({"dns": HTTPS})
    built.encrypted = EncryptedStatus((NAME,), names())
    with pytest.raises(RequestError) as refused:
        await perform(download, built.house, VIEWER, ProfileWanted(**given))
    assert refused.value.code == code
    built.encrypted = EncryptedStatus()
    with pytest.raises(RequestError, match="there is none"):
        await perform(show, built.house, VIEWER, DeviceWanted())
