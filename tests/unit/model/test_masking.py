"""What is shown of a list's address."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.model.masking import masked, masked_address

SECRET = "8f14e45fceea167a"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://example.org/list.txt", "https://example.org/list.txt"),
        ("https://user:secret@example.org/list.txt", "https://***@example.org/list.txt"),
        ("https://secret@example.org:8443/", "https://***@example.org:8443/"),
        ("https://user:p@ss:w@example.org/", "https://***@example.org/"),
        ("https://user:pa/ss@example.org/x", "https://***"),
        ("https://user:pa#ss@example.org/x", "https://***"),
        ("https://[2001:db8::1]:8443/x?k=v", "https://[2001:db8::1]:8443/x?k=***"),
        ("https://example.org/x?token=a&Key=b;auth=c", "https://example.org/x?token=***&Key=***&auth=***"),
        ("https://example.org/x?anything=secret&", "https://example.org/x?anything=***&"),
        ("https://example.org/x?secret", "https://example.org/x?***"),
        ("https://example.org/x?c2VjcmV0==", "https://example.org/x?***"),
        (f"https://example.org/x?{SECRET}a=b", "https://example.org/x?***"),
        ("https://example.org/x#secret", "https://example.org/x#***"),
        (f"https://example.org/{SECRET}/hosts.txt", "https://example.org/***/hosts.txt"),
        (f"https://example.org/lists/{SECRET}.txt", "https://example.org/lists/***.txt"),
        ("https://example.org/x;token=secret/y", "https://example.org/x;token=***/y"),
        ("https://example.org/a%20list%20of%2020%20names.txt", "https://example.org/a%20list%20of%2020%20names.txt"),
        ("https://cdn.example.org/gh/them/7Hosts@v1.2/Lite/adblock-2024-01.txt",) * 2,
        ("HTTPS://user:secret@example.org", "HTTPS://***@example.org"),
        ("ftp://user:secret@example.org/x", "ftp://***@example.org/x"),
        ("//user:secret@example.org/x", "//***@example.org/x"),
        ("user:secret@example.org/x", "***@example.org/x"),
        ("/x?token=secret", "/x?token=***"),
        (f"file:/srv/{SECRET}/a?b=c", f"file:/srv/{SECRET}/a?b=c"),
        ("ads.txt", "ads.txt"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_secret_is_masked_and_the_rest_shown(address: str, shown: str) -> None:
    assert masked_address(address) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no address: here", "no address: here"),
        ("from https://u:secret@a.example/x, where", "from https://***@a.example/x, where"),
        ("'https://a.example/?t=secret' is (http://b.example/y?z).", "'https://a.example/?t=***' is (http://b.example/y?***)."),
        ('"https://a.example/?t=sec\'ret": no', '"https://a.example/?t=***": no'),
        ("/srv//a?b=c is no file", "/srv//a?b=c is no file"),
        ("file:///srv/a: is no file", "file:///srv/a: is no file"),
    ],
)  # fmt: skip
def test_addresses_within_a_text_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


SECRETS = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!$%&/?#@: ", min_size=4
)


@given(SECRETS, SECRETS, SECRETS)
def test_a_secret_never_comes_through(user: str, password: str, token: str) -> None:
    """However it is made, as long as it is quoted as addresses want it."""
    user, password, token = (quote(f"s3cr3t{each}", safe="") for each in (user, password, token))
    address = f"https://{user}:{password}@example.org/hosts?key={token}&{token}#{token}"
    shown = masked_address(address)
    assert "s3cr3t" not in shown
    assert shown.startswith("https://***@example.org/hosts?key=***&***")
    assert "s3cr3t" not in masked(f"can't be fetched: {address}: refused")


@given(st.text())
def test_a_masked_address_stays_as_it_is(text: str) -> None:
    """Masked twice is masked once, whatever it was; so it does no harm where it was done."""
    once = masked_address(text)
    assert masked_address(once) == once
    assert masked(masked(text)) == masked(text)
