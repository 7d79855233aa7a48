"""certificate: make one, look at one, and set devices up."""

from __future__ import annotations

import plistlib
import ssl
import stat
import sys
from pathlib import Path

import pytest
from certificates import expired, leaf
from command_line import CommandLine

NAME = "dns.example.org"


def settle(command: CommandLine, chain: Path, key: Path) -> None:
    listeners = {"https": ["127.0.0.1:8443"], "tls": ["127.0.0.1:853"]}
    command.settle(dns={"certificate": str(chain), "certificate_key": str(key), **listeners})


def test_a_certificate_is_made_and_used_as_it_says(command: CommandLine, tmp_path: Path) -> None:
    made = command(
        "certificate", "self-signed", "DNS.example.org", "192.0.2.1", "--out", str(tmp_path)
    )
    assert (made.code, made.err) == (0, "")
    assert "for          dns.example.org, *.dns.example.org, 192.0.2.1\n" in made.out
    assert f'certificate: "{tmp_path}/certificate.pem"' in made.out
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    _, _, written = made.out.partition("\ndns:\n")
    settings = "dns:\n" + written.partition("\n\n")[0]
    command.settle(settings)
    told = command("certificate", "show")
    assert (told.code, told.err) == (0, "")
    assert "Android, Private DNS provider hostname: dns.example.org" in told.out
    pinned = made.out.partition("upstream.servers: [")[2].partition("]")[0]
    command.settle(f"upstream: {{servers: [{pinned}]}}")
    assert command("check-config", str(command.config)).code == 0


def test_files_are_not_overwritten_unless_that_is_wanted(
    command: CommandLine, tmp_path: Path
) -> None:
    make = ("certificate", "self-signed", NAME, "--out", str(tmp_path))
    assert command(*make).code == 0
    before = (tmp_path / "key.pem").read_bytes()
    again = command(*make)
    assert again.code == 1 and "would be overwritten: give another --out, or --force" in again.err
    assert (tmp_path / "key.pem").read_bytes() == before
    assert command(*make, "--force").code == 0
    assert (tmp_path / "key.pem").read_bytes() != before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dns example"], "is not a host name"),
        (["192.0.2"], "neither a name nor a whole IP address"),
        (["0.0.0.0"], "is not the address of one server"),
        ([NAME, "--out", "/nowhere"], "/nowhere/key.pem cannot be written: "),
    ],
)
def test_what_cannot_be_made_is_told(command: CommandLine, words: list[str], told: str) -> None:
    made = command("certificate", "self-signed", *words)
    assert made.code == 1 and told in made.err


def test_a_missing_library_is_told(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sinkhole.app.self_signed", None)
    made = command("certificate", "self-signed", NAME)
    assert made.code == 1 and 'pip install "sinkhole[encrypted]"' in made.err


def test_a_certificate_is_shown_with_what_is_wrong(command: CommandLine, tmp_path: Path) -> None:
    settle(command, *leaf(NAME).write(tmp_path))
    told = command("certificate", "show")
    assert (told.code, told.err) == (0, "")
    assert "issued by    Authority of the tests" in told.out
    assert "https://dns.example.org:8443/dns-query" in told.out
    old = command("certificate", "show", *map(str, expired(NAME).write(tmp_path, "old")))
    assert old.code == 1 and old.err.startswith("sinkhole: it has expired on ")
    assert "Android" not in old.out
    none = command("certificate", "show", str(tmp_path / "none"), str(tmp_path / "server.key"))
    assert none.code == 1 and "cannot be read: No such file" in none.err
    assert command("certificate", "show", "one").code == 2


def test_without_a_certificate_there_is_nothing_to_show(command: CommandLine) -> None:
    told = command("certificate", "show")
    assert told.code == 1 and "dns.certificate and dns.certificate_key are not set" in told.err


def test_a_profile_is_written(command: CommandLine, tmp_path: Path) -> None:
    good = leaf(NAME)
    chain, key = good.write(tmp_path)
    settle(command, chain, key)
    made = command("certificate", "mobileconfig", NAME, "--id", "Tablet")
    assert made.code == 0
    (settings,) = plistlib.loads(made.out.encode())["PayloadContent"]
    url = "https://dns.example.org:8443/dns-query/tablet"
    assert settings["DNSSettings"] == {"DNSProtocol": "HTTPS", "ServerURL": url}
    file = tmp_path / "x.mobileconfig"
    words = ("--protocol", "tls", "--authority", str(chain), "--output", str(file))
    assert command("certificate", "mobileconfig", NAME, *words).out == ""
    settings, authority = plistlib.loads(file.read_bytes())["PayloadContent"]
    assert settings["DNSSettings"]["ServerName"] == NAME
    assert authority["PayloadContent"] == ssl.PEM_cert_to_DER_cert(good.chain_pem.decode())


def test_a_profile_that_would_lead_nowhere_is_not_made(
    command: CommandLine, tmp_path: Path
) -> None:
    none = command("certificate", "mobileconfig", NAME)
    assert none.code == 1 and "nothing listens for it: dns.tls of the settings is empty" in none.err
    chain, key = leaf(NAME).write(tmp_path)
    settle(command, chain, key)
    for words, told in (
        (("a b",), "is not a host name"),
        ((NAME, "--id", "a.b"), "is no client id"),
        ((NAME, "--authority", str(key)), "is no certificate in PEM"),
        ((NAME, "--authority", str(tmp_path / "none")), "cannot be read: No such file"),
        ((NAME, "--output", "/nowhere/x"), "/nowhere/x cannot be written"),
    ):
        made = command("certificate", "mobileconfig", *words)
        assert made.code == 1 and told in made.err
