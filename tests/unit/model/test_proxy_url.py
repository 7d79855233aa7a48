"""A proxy is shown without its secrets, and written with them."""

from __future__ import annotations

from sinkhole.model.proxy_url import ProxyUrl


def test_user_and_password_are_in_its_text_only() -> None:
    proxy = ProxyUrl("http", "2001:db8::8", 8080, "me", "s:@/ä")
    assert str(proxy) == "http://[2001:db8::8]:8080"
    assert repr(proxy) == "ProxyUrl('http://[2001:db8::8]:8080')"
    assert proxy.text == "http://me:s%3A%40%2F%C3%A4@[2001:db8::8]:8080"
    assert proxy.masked.text == "http://***@[2001:db8::8]:8080"


def test_without_a_user_there_is_nothing_to_hide() -> None:
    proxy = ProxyUrl("socks5", "192.0.2.8", 1080)
    assert proxy.masked == proxy and proxy.text == str(proxy) == "socks5://192.0.2.8:1080"
    assert ProxyUrl("http", "a.example", 1, "me").text == "http://me@a.example:1"
