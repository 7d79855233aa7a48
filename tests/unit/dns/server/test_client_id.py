"""A client's id is a label in front of one of our names, and nothing else."""

from __future__ import annotations

import pytest

from sinkhole.dns.server.client_id import client_id_of, read_client_id

NAMES = ("dns.example.org", "example.net")


@pytest.mark.parametrize(
    ("server_name", "client_id"),
    [
        ("tablet.dns.example.org", "tablet"),
        ("Annas-Phone2.DNS.example.org.", "annas-phone2"),
        ("tablet.example.net", "tablet"),
        ("dns.example.org", ""),
        ("example.net", ""),
        ("tablet.example.org", ""),
        ("a.tablet.dns.example.org", ""),
        ("xdns.example.org", ""),
        (".dns.example.org", ""),
        ("tab_let.dns.example.org", ""),
        ("täblet.dns.example.org", ""),
        ("", ""),
    ],
)
def test_an_id_is_the_label_in_front_of_our_name(server_name: str, client_id: str) -> None:
    assert client_id_of(server_name, NAMES) == client_id


@pytest.mark.parametrize(
    ("text", "client_id"),
    [
        ("Tablet", "tablet"),
        ("a" * 63, "a" * 63),
        ("a" * 64, ""),
        ("a.b", ""),
        ("a b", ""),
        ("", ""),
        ("x\n", ""),
        ("K", "k"),  # the Kelvin sign, which is a letter once it is lower-cased
    ],
)
def test_an_id_has_letters_digits_and_hyphens(text: str, client_id: str) -> None:
    assert read_client_id(text) == client_id
