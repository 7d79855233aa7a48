"""Settings of one machine: those that name what it alone has."""

from __future__ import annotations

from sinkhole.control.settings import Settings
from sinkhole.control.settings.describe import described
from sinkhole.control.settings.own_keys import OWN_KEYS, is_own


def test_addresses_and_certificates_are_own_and_what_is_filtered_is_not() -> None:
    for key in ("dns.listen", "dns.certificate", "web.listen", "storage.url", "devices.router"):
        assert is_own(key)
    for key in ("dns.allow", "groups", "filtering.lists", "webs.listen", "dns.listener"):
        assert not is_own(key)


def test_each_is_or_begins_a_key_that_there_is() -> None:
    known = {each.key for each in described(Settings())}
    for key in OWN_KEYS:
        is_beginning = key.endswith(".")
        assert any(each.startswith(key) if is_beginning else each == key for each in known), key
