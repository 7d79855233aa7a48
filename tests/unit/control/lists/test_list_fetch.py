"""Which URLs a list is asked from, and with what."""

import pytest
from yarl import URL

from sinkhole.control.lists.fetch import Validators, http_url

HERE = URL("https://lists.example.org/a/hosts.txt")


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("b.txt", "https://lists.example.org/a/b.txt"),
        ("/b.txt", "https://lists.example.org/b.txt"),
        ("//other.example.org/b.txt", "https://other.example.org/b.txt"),
        ("https://other.example.org", "https://other.example.org"),
    ],
)
def test_a_redirect_leads_relative_to_where_it_came_from(location: str, found: str) -> None:
    assert str(http_url(location, HERE)) == found


def test_a_redirect_from_http_to_https_is_followed_and_not_the_other_way() -> None:
    assert http_url(str(HERE), URL("http://lists.example.org/")) == HERE
    with pytest.raises(ValueError, match="from https to http"):
        http_url("http://lists.example.org/a/hosts.txt", HERE)


@pytest.mark.parametrize(
    "address", ["", "ftp://example.org/a", "file:///etc/passwd", "hosts.txt", "http://[::1"]
)
def test_what_is_no_http_url_is_an_error(address: str) -> None:
    with pytest.raises(ValueError, match=r"neither http|is no URL|without saying where"):
        http_url(address)


def test_only_the_address_that_gave_the_validators_is_asked_with_them() -> None:
    known = Validators('"v1"', "Sun, 06 Nov 1994 08:49:37 GMT", str(HERE))
    assert known.headers_for(HERE) == {
        "If-None-Match": '"v1"',
        "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT",
    }
    assert known.headers_for(HERE / "other") == {}


def test_an_address_that_gave_no_validators_is_asked_plainly() -> None:
    assert Validators(answered_by=str(HERE)).headers_for(HERE) == {}
