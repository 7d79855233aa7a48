"""What the filter does by itself."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.settings.builtin import BuiltinSettings

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_all_protections_are_on_by_default() -> None:
    builtin = BuiltinSettings()
    assert builtin.doh_canary and builtin.private_relay
    assert builtin.discovery and builtin.rebinding
    assert builtin.rebinding_allow == builtin.bogus_nxdomain == ()


def test_names_and_networks_are_read(loaded: Load) -> None:
    text = "{rebinding_allow: [Plex.direct.], bogus_nxdomain: [192.0.2.80, '2001:db8::/32']}"
    builtin = loaded(f"filtering: {{builtin: {text}}}").filtering.builtin
    assert builtin.rebinding_allow == ("plex.direct",)
    assert builtin.bogus_nxdomain == (ip_network("192.0.2.80/32"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{doh_canary: maybe}", 'doh_canary: "maybe" is neither true nor false'),
        ("{rebinding_allow: ['*.plex.direct']}", 'rebinding_allow[0]: "*.plex.direct" is not a ho'),
        ("{rebinding_allow: [192.0.2.1]}", "is an address, write a name"),
        ("{bogus_nxdomain: [example.org]}", 'bogus_nxdomain[0]: "example.org" is not a network'),
        ("{bogus_nxdomain: [any]}", '"any" is not a network'),
        ("{canary: true}", 'unknown key, did you mean "doh_canary"?'),
    ],
)
def test_what_makes_no_sense_is_refused(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(f"filtering: {{builtin: {text}}}")
    assert found in problem
