"""The certificates of the tests are right, or wrong in the way they say and in no other."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import (
    Certificate,
    behind_intermediate,
    by_strangers,
    client_context,
    expired,
    leaf,
    not_yet_valid,
    self_signed,
    server_context,
    without_intermediate,
)

NAME, ADDRESS = "dns.example.org", "127.1.2.3"


def shake_hands(
    certificate: Certificate, name: str = NAME, alpn: tuple[str, ...] = ()
) -> ssl.SSLObject:
    """The client's side of a finished handshake; raises what the client makes of it."""
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(alpn).wrap_bio(ours, theirs, server_hostname=name)
    server = server_context(certificate, ["h2", "dot"]).wrap_bio(theirs, ours, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    return client


@pytest.mark.parametrize("name", [NAME, ADDRESS])
@pytest.mark.parametrize("make", [leaf, behind_intermediate])
def test_right_ones_are_right_for_names_and_addresses(
    make: Callable[..., Certificate], name: str
) -> None:
    shake_hands(make(NAME, ADDRESS), name)


def test_server_and_client_agree_on_a_protocol() -> None:
    assert shake_hands(leaf(NAME), alpn=("dot",)).selected_alpn_protocol() == "dot"


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (expired(NAME), "has expired"),
        (not_yet_valid(NAME), "is not yet valid"),
        (leaf("other.example.org"), "Hostname mismatch"),
        (self_signed(NAME), "self-signed certificate|self signed certificate"),
        (by_strangers(NAME), "unable to get local issuer"),
        (without_intermediate(NAME), "unable to get local issuer"),
    ],
    ids=["expired", "early", "other name", "self-signed", "strangers", "no intermediate"],
)
def test_wrong_ones_are_wrong_as_they_say(certificate: Certificate, reason: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        shake_hands(certificate)


def test_what_was_made_is_kept_and_written_as_others_read_it(tmp_path: Path) -> None:
    assert leaf(NAME) is leaf(NAME)
    assert leaf(NAME).pin != leaf(ADDRESS).pin
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*behind_intermediate(NAME).write(tmp_path))
    assert (tmp_path / "server.pem").read_text().count("BEGIN CERTIFICATE") == 2
