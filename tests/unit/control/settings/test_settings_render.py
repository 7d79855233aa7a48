from __future__ import annotations

from collections.abc import Callable

from sinkhole.control.settings import Settings, effective

Load = Callable[..., Settings]

ODD = r"""
dns: {listen: ["127.0.0.1:0", "[::1]:5353"], allow: [any, 192.0.2.1], rate_limit: 0}
upstream: {servers: ["2001:db8::1"], timeout: 1500ms, randomize_case: off}
filtering:
  lists:
    - {name: "No", url: "https://example.org/a?b=c#d", kind: allow, enabled: false}
    - {name: "Größe: \"x\" # \\ 😀", url: "file:/etc/a b", enabled: yes}
  rules: ["||ads.example^", "@@||shop.example^$important", "# x", "\ta\tb", "x\u00a0y", "null"]
  update_interval: 0
  blocking: {mode: custom_ip, custom_ipv6: "2001:db8::80"}
local:
  records:
    NAS.home.: [192.0.2.10, "2001:db8::10"]
    "*.nas.home": [192.0.2.10]
    münchen.example: [192.0.2.11]
web: {listen: "[::1]:0", hosts: [DNS.home]}
data_dir: "/srv/a: b"
"""


def test_the_text_loads_to_the_same_settings(loaded: Load) -> None:
    for settings in (Settings(), loaded(ODD)):
        assert loaded(effective(settings)) == settings


def test_units_are_in_canonical_form(loaded: Load) -> None:
    text = effective(loaded("upstream: {timeout: 2000ms}\ncache: {size: 65536KiB, max_ttl: 24h}"))
    assert "\n  timeout: 2s  #" in text
    assert "\n  size: 64MiB  #" in text
    assert "\n  max_ttl: 1d  #" in text


def test_a_comment_says_who_set_a_key_unless_nobody_did(loaded: Load) -> None:
    settings = loaded("upstream:\n  timeout: 3s\n", {"SINKHOLE__DNS__LISTEN": '["127.0.0.1:5353"]'})
    lines = effective(settings).splitlines()
    assert any(
        line.startswith("  timeout: 3s  # file ") and line.endswith("s.yaml:2") for line in lines
    )
    assert '  listen: ["127.0.0.1:5353"]  # environment SINKHOLE__DNS__LISTEN' in lines
    assert "  randomize_case: true" in lines


def test_what_is_not_set_is_shown_as_a_comment() -> None:
    assert "    # custom_ipv4: not set\n" in effective(Settings())


def test_long_lists_and_records_get_a_line_for_each_item(loaded: Load) -> None:
    text = effective(loaded(ODD))
    assert '\n    - "||ads.example^"\n' in text
    assert '\n    "*.nas.home": ["192.0.2.10"]\n' in text
