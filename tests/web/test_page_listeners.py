"""The page's ways in and what devices are told, in a real browser."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from certificates import leaf
from faults import Faults
from house_network import NAME, connect, shown
from household import Household
from playwright.async_api import Page, expect

from sinkhole.app.server_certificate import read_pair
from sinkhole.model.status import EncryptedStatus, Problem

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AT_HOME = "#/connect"


@pytest_asyncio.fixture(loop_scope="session")
async def net(home: Household) -> Household:
    """A household whose network is set up."""
    await connect(home)
    return home


async def _save(page: Page) -> None:
    review = page.locator("#review")
    await review.get_by_role("button", name="Save").click()
    await expect(review).to_have_count(0)


async def test_each_way_in_is_told_and_can_be_changed(visit: Any, net: Any) -> None:
    net.built.counters.transports.update({"udp": 7, "tls": 3})
    page = await visit(net, at="#/listeners")
    ways = page.locator("#listeners > li")
    await expect(ways.nth(0)).to_contain_text("Plain DNS is on")
    await expect(ways.nth(1)).to_contain_text("0.0.0.0:853 · 3 queries")
    await expect(ways.nth(4)).to_contain_text("DNS over QUIC (DoQ) is off")
    await page.get_by_label("Addresses: DNS over QUIC (DoQ)").fill("0.0.0.0")
    await page.get_by_label("Addresses: DNS over HTTPS by HTTP/3").uncheck()
    await _save(page)
    dns = net.house.settings.settings.dns
    assert ([str(each) for each in dns.quic], dns.http3) == (["0.0.0.0:853"], False)
    await expect(ways.nth(4)).to_contain_text("is not answered")  # as nothing listens in this house


async def test_what_is_told_of_the_certificate_has_room_on_a_phone(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/listeners", width=360)
    facts = page.locator("#certificate")
    await expect(facts).to_contain_text("An authority")
    whole, value = await facts.evaluate(
        "all => [all, all.querySelector('dd')].map(each => each.getBoundingClientRect().width)"
    )
    assert value >= 0.45 * whole


async def test_the_certificate_is_told_with_what_is_wrong(visit: Any, net: Any) -> None:
    net.built.problems.append(
        Problem("dns.certificate", "warning", "the certificate expires in 3 days", "renew it")
    )
    page = await visit(net, at="#/listeners")
    facts = page.locator("#certificate")
    for words in (f"{NAME}, *.{NAME}", "An authority", "(60 days left)", "47DEQpj8HBSa"):
        await expect(facts).to_contain_text(words)
    await expect(page.locator(".notice")).to_contain_text("the certificate expires in 3 days")
    await page.get_by_label("File of the certificate").fill("/etc/sinkhole/other.pem")
    await page.get_by_label("Names that devices use").fill(NAME)
    await _save(page)
    dns = net.house.settings.settings.dns
    assert (str(dns.certificate), dns.names) == ("/etc/sinkhole/other.pem", (NAME,))


async def test_each_kind_of_device_gets_its_address_a_code_and_steps(visit: Any, net: Any) -> None:
    page = await visit(net, at=AT_HOME)
    for kind, told in {
        "android": NAME, "windows": f"https://{NAME}/dns-query",
        "browsers": f"https://{NAME}/dns-query",
    }.items():  # fmt: skip
        card = page.locator(f"section[aria-labelledby=guide-{kind}]")
        await expect(card.locator("code")).to_have_text(told)
        assert await card.locator(".steps li").count() >= 3
    await expect(page.get_by_role("img", name=f"QR code: {NAME}", exact=True)).to_be_visible()
    await expect(page.locator("section[aria-labelledby=guide-stamps]")).to_contain_text("sdns://")
    await page.get_by_role("button", name="Copy: Android").click()
    said = page.locator("section[aria-labelledby=guide-android] [role=status]")
    await expect(said).to_have_text("Copied.")


async def test_a_profile_is_downloaded_for_the_device_that_is_chosen(
    visit: Any, net: Any, tmp_path: Path
) -> None:
    page = await visit(net, at=AT_HOME)
    await page.get_by_label("Which device").select_option("bens-phone")
    await page.clock.run_for(1_000)
    card = page.locator("section[aria-labelledby=guide-android]")
    await expect(card.locator("code")).to_have_text(f"bens-phone.{NAME}")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Download profile (HTTPS)").click()
    download = await coming.value
    assert download.suggested_filename == "bens-phone.mobileconfig"
    await download.save_as(tmp_path / "profile")
    (settings,) = plistlib.loads((tmp_path / "profile").read_bytes())["PayloadContent"]
    assert settings["DNSSettings"]["ServerURL"] == f"https://{NAME}/dns-query/bens-phone"
    await expect(page.get_by_text("open this page by the address")).to_be_visible()


async def test_a_device_is_given_an_id(visit: Any, furnish: Any, past: Any) -> None:
    home = await furnish(past, tree={"clients": []})
    await connect(home)
    page = await visit(home, at=AT_HOME)
    await page.get_by_text("Give a device an id").click()
    await page.get_by_label("Name of the device").fill("Kids tablet")
    await page.get_by_label("Its id: letters, digits and -").fill("Tablet")
    await page.get_by_role("button", name="Give this id").click()
    await expect(page.get_by_label("Which device")).to_have_value("tablet")
    (client,) = home.house.settings.settings.clients
    assert (client.name, client.ids) == ("Kids tablet", ("tablet",))
    await page.clock.run_for(1_000)
    told = page.locator("section[aria-labelledby=guide-browsers] code")
    await expect(told).to_have_text(f"https://{NAME}/dns-query/tablet")


async def test_it_says_where_an_id_does_not_fit_the_certificate(visit: Any, net: Any) -> None:
    certificate = shown().certificate
    assert certificate is not None
    net.built.encrypted = shown(certificate={**certificate, "names": [NAME]}, authority=b"der")
    page = await visit(net, at=AT_HOME)
    await page.get_by_label("Which device").select_option("bens-phone")
    await page.clock.run_for(1_000)
    await expect(page.get_by_text("It needs *. in front of")).to_be_visible()
    await expect(page.get_by_text("It brings your own authority along.")).to_be_visible()


async def test_without_an_encrypted_way_it_says_what_is_missing(visit: Any, home: Any) -> None:
    home.built.encrypted = EncryptedStatus()
    page = await visit(home, at=AT_HOME)
    await expect(page.locator(".notice")).to_contain_text("No encrypted way is on")
    await expect(page.locator(".guides")).to_have_count(0)
    await page.locator(".notice").get_by_role("link", name="Listeners").click()
    await expect(page.get_by_text("There is none, so no encrypted way can be on.")).to_be_visible()


async def test_a_certificate_is_given_as_text_and_out_of_a_file_and_its_key_shown_no_more(
    visit: Any, home: Any, tmp_path: Path, faults: Faults
) -> None:
    good, other = leaf(NAME), leaf("other.example.org")
    key_file = good.write(tmp_path)[1]
    page = await visit(home, at="#/listeners")
    await page.get_by_text("Give a certificate here").click()
    form = page.get_by_role("form", name="Give a certificate here")
    chain = form.get_by_label("Certificate, with those of its issuers")
    key = form.get_by_label("Private key, without a passphrase")
    await expect(form.get_by_role("button", name="Check and use it")).to_be_disabled()
    await chain.fill(good.chain_pem.decode())
    await key.fill(other.key_pem.decode())
    await form.get_by_role("button", name="Check and use it").click()
    await expect(form.get_by_role("alert")).to_contain_text("is not the key of the first")
    assert home.house.settings.settings.dns.certificate is None
    await form.get_by_label("Key from a file").set_input_files(key_file)
    await expect(key).to_have_value(good.key_pem.decode())
    await form.get_by_role("button", name="Check and use it").click()
    await expect(page.locator("#give-certificate")).to_contain_text(f"It is in use: for {NAME},")
    await expect(key).to_have_value("")
    path = home.house.certificates.path
    await expect(page.get_by_label("File of the certificate")).to_have_value(str(path))
    assert read_pair(path, path).host_names == (NAME,)
    faults.forgive(400)  # of the key that was another's


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"a" * 1_000_001, "certificate.der is larger than 1 MB"),
        (b"\x30\x82\x03\xff", "certificate.der is no text, as PEM is"),
        (b"text\0and more", "certificate.der is no text, as PEM is"),
    ],
)
async def test_a_file_that_is_no_text_is_told_and_not_taken(
    visit: Any, home: Any, body: bytes, said: str
) -> None:
    page = await visit(home, at="#/listeners")
    await page.get_by_text("Give a certificate here").click()
    form = page.get_by_role("form", name="Give a certificate here")
    chain = form.get_by_label("Certificate, with those of its issuers")
    file = form.get_by_label("Certificate from a file")
    await file.set_input_files({"name": "certificate.der", "mimeType": "", "buffer": body})
    told = form.locator(".part").get_by_role("alert")
    await expect(told).to_contain_text(said)
    await expect(chain).to_have_value("")
    good = {"name": "certificate.pem", "mimeType": "", "buffer": b"-----BEGIN"}
    await file.set_input_files(good)
    await expect(chain).to_have_value("-----BEGIN")
    await expect(told).to_have_count(0)
