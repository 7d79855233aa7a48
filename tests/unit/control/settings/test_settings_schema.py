"""What each section refuses, beyond the kinds of its values, and the settings as a whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from sinkhole.control.settings import Endpoint, Settings

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dns: {listen: []}", "dns.listen: the list is empty: nobody could ask"),
        ("dns: {allow: []}", "dns.allow: the list is empty: nobody could ask"),
        ("dns: {listen: [0.0.0.0, '0.0.0.0:53']}", 'dns.listen[1]: "0.0.0.0:53" is listed twice'),
        ("dns: {rate_limit: -1}", "dns.rate_limit: -1 is not a whole number from 0 to 1000000"),
        ("upstream: {servers: []}", "upstream.servers: the list is empty: there is nobody"),
        ("upstream: {servers: ['192.0.2.1:0']}", "it must be 1..65535"),
        ("upstream: {servers: [0.0.0.0]}", '"0.0.0.0" is not the address of one server'),
        ("upstream: {servers: ['ff02::1']}", '"ff02::1" is not the address of one server'),
        ("upstream: {timeout: 11s}", "11s is out of range, write 100ms to 10s"),
        ("cache: {size: 5GiB}", "cache.size: 5GiB is out of range, write 1MiB to 4GiB"),
        (
            "cache: {min_ttl: 2h, max_ttl: 1h}",
            "cache.min_ttl: 2h is more than max_ttl, which is 1h",
        ),
        ("cache: {min_ttl: 2d}", "cache.min_ttl: 2d is out of range"),
        ("filtering: {update_interval: 1m}", "write 10m to 30d, or 0"),
        ("filtering: {rules: ['']}", 'filtering.rules[0]: "" is empty'),
        ("filtering: {rules: [a, 'b\n\n c']}", "filtering.rules[1]: "),
        (
            "filtering: {blocking: {mode: nxdomian}}",
            "write null_ip, default, nxdomain, nodata, refused",
        ),
        ("filtering: {blocking: {mode: custom_ip}}", "blocking.mode: custom_ip needs an address"),
        ("filtering: {blocking: {custom_ipv4: '::1'}}", "::1 is IPv6, this key takes IPv4"),
        ("local: {records: {a.home: []}}", "records.a.home: the list is empty"),
        ("local: {records: {a.home: [b.home]}}", '"b.home" is not an IP address'),
        ("local: {records: {a.home: [b.home]}}", 'or a type and data such as "CNAME nas.home"'),
        ("local: {records: {a.*.home: [192.0.2.1]}}", "a * may only be the first label"),
        ("local: {records: {'*': [192.0.2.1]}}", "a * may only be the first label"),
        ("local: {records: {'*.': [192.0.2.1]}}", "is not a host name"),
        (
            "local: {records: {A.home: ['::1'], a.home.: ['::1']}}",
            "records.a.home.: this name is listed",
        ),
        ("query_log: {keep: 1m}", "query_log.keep: 1m is out of range, write 1h to 3650d"),
        ("stats: {keep: 0}", "stats.keep: 0s is out of range, write 1d to 3650d"),
        ("web: {listen: '127.0.0.1:x'}", 'has the port "x", it must be 0..65535'),
        ("web: {hosts: ['a.home:80']}", "web.hosts[0]: "),
        ("log: {level: loud}", '"loud" is not known, write debug, info, warning or error'),
    ],
)
def test_a_section_refuses_what_makes_no_sense(problems: Problems, text: str, found: str) -> None:
    (problem,) = problems(text)
    assert found in problem


def test_a_conflict_is_found_beside_another_mistake_in_the_same_section(problems: Problems) -> None:
    text = "cache:\n  size: big\n  min_ttl: 3h\n  max_ttl: 2h\n"
    assert [problem[: len("s.yaml:n")] for problem in problems(text)] == ["s.yaml:2", "s.yaml:3"]


def test_a_mistake_in_one_side_is_no_conflict_as_well(problems: Problems) -> None:
    assert len(problems("cache: {min_ttl: 3h, max_ttl: soon}")) == 1
    assert len(problems("filtering: {blocking: {mode: custom_ip, custom_ipv4: here}}")) == 1
    assert len(problems("filtering: {blocking: {mode: custom_ip, custom_ipv6: here}}")) == 1


def test_any_stands_for_all_networks(loaded: Load) -> None:
    settings = loaded("dns: {allow: [192.0.2.0/24, any, 198.51.100.7]}")
    assert settings.dns.allow == (
        ip_network("192.0.2.0/24"),
        ip_network("0.0.0.0/0"),
        ip_network("198.51.100.7/32"),
        ip_network("::/0"),
    )


def test_a_mistake_behind_any_keeps_its_position_and_line(problems: Problems) -> None:
    found = problems("dns:\n  allow:\n    - any\n    - home\n")
    assert found[0].startswith('s.yaml:4: dns.allow[1]: "home" is not a network')


def test_the_system_may_choose_several_ports(loaded: Load) -> None:
    settings = loaded("dns: {listen: ['127.0.0.1:0', '127.0.0.1:0']}\nweb: {listen: '127.0.0.1:0'}")
    assert settings.dns.listen == (Endpoint("127.0.0.1", 0),) * 2
    assert settings.web.listen == Endpoint("127.0.0.1", 0)


def test_the_web_port_is_8080_where_none_is_written(loaded: Load) -> None:
    assert loaded("web: {listen: 0.0.0.0}").web.listen == Endpoint("0.0.0.0", 8080)


@pytest.mark.parametrize("families", ["custom_ipv4: 192.0.2.80", "custom_ipv6: '2001:db8::80'"])
def test_custom_ip_is_content_with_one_address(loaded: Load, families: str) -> None:
    settings = loaded(f"filtering: {{blocking: {{mode: custom_ip, {families}}}}}")
    assert settings.filtering.blocking.mode == "custom_ip"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/list.txt",
        "http://192.0.2.1:8000/x?y#z",
        "HTTPS://example.org",
        "file:blocklists/starter.txt",
        "file:/etc/list.txt",
        "file:///etc/list.txt",
        "file:my list.txt",
    ],
)
def test_lists_come_from_the_web_or_from_files(loaded: Load, url: str) -> None:
    assert (
        loaded(f"filtering: {{lists: [{{name: A, url: '{url}'}}]}}").filtering.lists[0].url == url
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is empty"),
        ("ftp://example.org/x", "cannot be fetched, lists come by https:, http: or file:"),
        ("example.org/x", 'has no scheme, write "https://host/path" or "file:path"'),
        ("https://", 'is not a URL, write "https://host/path"'),
        ("https:example.org", 'is not a URL, write "https://host/path"'),
        ("https://exam ple.org/", 'is not a URL, write "https://host/path"'),
        ("https://example.org:0/", 'is not a URL, write "https://host/path"'),
        ("https://example.org:99999/", "is not a URL: "),
        ("https://[::1/", "is not a URL: "),
        ("file:", 'names no file, write "file:blocklists/mine.txt"'),
        ("file:///", 'names no file, write "file:blocklists/mine.txt"'),
        ("file://server/list.txt", 'names no file, write "file:blocklists/mine.txt"'),
        ("file:/srv/a%00b", "no path has a zero byte (%00) in it"),
        ("data:text/plain,x", "cannot be fetched, lists come by https:, http: or file:"),
    ],
)
def test_lists_come_from_nowhere_else(problems: Problems, url: str, reason: str) -> None:
    (problem,) = problems(f"filtering: {{lists: [{{name: A, url: '{url}'}}]}}")
    assert reason in problem


def test_lists_have_names_of_their_own(problems: Problems) -> None:
    text = "filtering:\n lists:\n  - {name: Ads, url: 'file:a'}\n  - {url: 'file:b', name: ADS}\n"
    assert problems(text) == [
        's.yaml:4: filtering.lists[1].name: "ADS" is the name of another list too'
    ]
    (problem,) = problems("filtering: {lists: [{name: Own rules, url: 'file:a'}]}")
    assert "choose another name" in problem


def test_a_list_blocks_and_is_enabled_unless_it_says_otherwise(loaded: Load) -> None:
    (entry,) = loaded("filtering: {lists: [{name: A, url: 'file:a'}]}").filtering.lists
    assert (entry.kind, entry.enabled) == ("block", True)


def test_rules_are_taken_as_they_are(loaded: Load) -> None:
    rules = loaded('filtering: {rules: ["||ads.example^", "/re[g]ex/", "!x"]}').filtering.rules
    assert rules == ("||ads.example^", "/re[g]ex/", "!x")


def test_a_rule_has_at_most_64_kib(loaded: Load, problems: Problems) -> None:
    assert loaded(f"filtering: {{rules: [{'a' * 65536}]}}").filtering.rules == ("a" * 65536,)
    (problem,) = problems(f"filtering: {{rules: [{'a' * 65537}]}}")
    assert problem.endswith("takes 65537 bytes, at most 65536 are allowed")
    assert len(problem) < 200


def test_local_records_are_kept_under_their_lower_case_ascii_names(loaded: Load) -> None:
    text = (
        "local: {records: {NAS.Home.: [192.0.2.10, '2001:db8::10'], '*.Bücher.example': ['::1']}}"
    )
    assert loaded(text).local.wire_records == {
        "nas.home": ((1, ip_address("192.0.2.10").packed), (28, ip_address("2001:db8::10").packed)),
        "*.xn--bcher-kva.example": ((28, ip_address("::1").packed),),
    }


def test_the_defaults_are_those_the_program_promises() -> None:
    settings = Settings()
    assert [str(endpoint) for endpoint in settings.dns.listen] == ["0.0.0.0:53", "[::]:53"]
    assert settings.dns.reserved_names and settings.dns.rate_limit == 200
    assert [str(server) for server in settings.upstream.servers] == [
        "https://dns.quad9.net",
        "tls://dns.quad9.net",
    ]
    assert settings.upstream.fallback == () and settings.upstream.hosts == ["dns.quad9.net"]
    assert not settings.dns.is_encrypted
    assert settings.upstream.timeout == 2.0 and settings.upstream.randomize_case
    assert settings.cache.size == 32 << 20 and settings.cache.max_ttl == 86400
    assert settings.cache.max_negative_ttl == 3600 and settings.cache.persist
    assert [entry.name for entry in settings.filtering.lists] == ["Starter"]
    assert settings.filtering.blocking.mode == "null_ip"
    assert settings.filtering.blocking.ttl == 10
    assert not settings.filtering.private_sources
    assert settings.query_log.keep == 90 * 86400 and settings.query_log.max_size == 2 << 30
    assert settings.stats.keep == 365 * 86400
    assert str(settings.web.listen) == "127.0.0.1:8080"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "192.168.1.20", "100.64.3.4", "fd12::1", "fe80::9"]
)
def test_home_networks_may_ask_by_default(address: str) -> None:
    assert any(ip_address(address) in network for network in Settings().dns.allow)


@pytest.mark.parametrize("address", ["192.0.2.1", "172.32.0.1", "2001:db8::1", "::2"])
def test_the_world_may_not(address: str) -> None:
    assert not any(ip_address(address) in network for network in Settings().dns.allow)


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.data_dir = Path("x")
    with pytest.raises(ValidationError):
        settings.dns.rate_limit = 5


def test_settings_are_equal_when_their_values_are() -> None:
    known = Settings().set_by({"upstream.timeout": "stored"})
    assert known == Settings()
    assert Settings.model_validate({"upstream": {"timeout": "3s"}}) != Settings()
    assert Settings() != "settings"


def test_every_key_says_who_set_it() -> None:
    known = Settings().set_by({"upstream.timeout": "stored"})
    assert known.origin_of("upstream.timeout") == "stored"
    assert known.origin_of("upstream.servers") == "default"
    assert Settings().origin_of("upstream.timeout") == "default"


def test_settings_travel_to_another_process() -> None:
    known = Settings().set_by({"upstream.timeout": "stored"})
    copy = pickle.loads(pickle.dumps(known))
    assert copy == known
    assert copy.origin_of("upstream.timeout") == "stored"


def test_the_data_folder_is_a_path_without_tilde() -> None:
    assert Settings.model_validate({"data_dir": "/srv/sinkhole"}).data_dir == Path("/srv/sinkhole")
    with pytest.raises(ValidationError, match="write the whole path"):
        Settings.model_validate({"data_dir": "~/sinkhole"})


# ---- the query log -----------------------------------------------------------------------------


def test_clients_to_be_ignored_are_networks_or_known_by_name_or_id(loaded: Load) -> None:
    settings = loaded(
        "clients: [{name: Kids tablet, addresses: [192.0.2.7], ids: [tablet]}]\n"
        "query_log:\n  ignore_clients: [192.0.2.0/24, '2001:db8::7', Kids tablet, tablet]\n"
        "  ignore_names: [Example.ORG., bücher.example]\n"
    )
    ignored = settings.query_log.ignore_clients
    assert [str(each) for each in ignored] == [
        "192.0.2.0/24", "2001:db8::7/128", "Kids tablet", "tablet",
    ]  # fmt: skip
    assert settings.query_log.ignore_names == ("example.org", "xn--bcher-kva.example")


def test_a_client_nobody_knows_is_not_ignored_in_silence(problems: Problems) -> None:
    (problem,) = problems("query_log:\n  ignore_clients:\n  - 192.0.2.7\n  - Kid's tablet\n")
    assert problem.startswith("s.yaml:4: query_log.ignore_clients[1]: no client is called")
    assert "write an address, a network" in problem


def test_privacy_is_one_of_four_levels(problems: Problems) -> None:
    (problem,) = problems("query_log: {privacy: none}")
    assert "anonymous_clients" in problem and "no_names" in problem
