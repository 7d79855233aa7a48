"""config/sinkhole.yaml states every key with its default, and nothing else but one list more."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from sinkhole.control.settings import SafeSearchSettings, Settings, load
from sinkhole.control.settings.document import read_document
from sinkhole.control.settings.layers import all_keys, leaf_origins, stack
from sinkhole.control.settings.shipped import find_entry, known_services, read_catalogue
from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS

REFERENCE = Path(__file__).parents[4] / "config" / "sinkhole.yaml"


def test_the_reference_file_loads_to_the_defaults_but_for_one_list_more() -> None:
    settings, default = load(REFERENCE, {}), Settings()
    starter, subscribed = settings.filtering.lists
    assert (starter,) == default.filtering.lists
    entry = find_entry(read_catalogue(), "adguard-dns")
    assert (subscribed.name, subscribed.url) == (entry.name, entry.url)
    assert (subscribed.kind, subscribed.enabled) == ("block", True)
    alike = settings.filtering.model_copy(update={"lists": default.filtering.lists})
    assert settings.model_copy(update={"filtering": alike}) == default


def test_a_file_that_says_nothing_of_lists_gets_no_new_one(tmp_path: Path) -> None:
    """An installed server fetches from nobody whom its owner has not named."""
    own = tmp_path / "sinkhole.yaml"
    own.write_text("filtering: {rules: []}\n")
    assert [each.url for each in load(own, {}).filtering.lists] == ["file:blocklists/starter.txt"]


def test_the_reference_file_has_every_key_and_no_other() -> None:
    text = REFERENCE.read_text()
    written = read_document(text, "file reference", [])
    assert written is not None
    keys = {key for key, _ in leaf_origins(Settings, stack(Settings, [written]))}
    without_default = {"filtering.blocking.custom_ipv4", "filtering.blocking.custom_ipv6"}
    without_default |= {"dns.certificate", "dns.certificate_key", "upstream.proxy"}
    without_default |= {"web.certificate", "web.certificate_key"}
    assert keys == set(all_keys(Settings)) - without_default
    for key in without_default:
        assert re.search(rf"^ +# {key.split('.')[-1]}: ", text, re.MULTILINE)


def test_the_commented_out_keys_and_examples_are_valid(tmp_path: Path) -> None:
    text = re.sub(
        r"^( +)# (custom_ipv.|certificate|certificate_key|proxy): ",
        r"\1\2: ",
        REFERENCE.read_text(),
        flags=re.MULTILINE,
    )
    records = re.search(r"For example:\n  # (\{\"nas.*\})", text)
    sets = re.search(r"For example:\n  # (\{family.*\})", text)
    routes = re.search(r"For example:\n  # (\{\"fritz.*\})", text)
    clients = re.search(r"For example:\n# (\[.*\])", text)
    ttls = re.search(r"have 10s:\n    # (\{.*\})", text)
    services = re.search(r"as a whole, such as (\[.*?\])", text)
    assert records and clients and ttls and services and sets and routes
    text = text.replace("sets: {}", f"sets: {sets[1]}").replace(
        "routes: {}", f"routes: {routes[1]}"
    )
    text = text.replace("records: {}", f"records: {records[1]}")
    text = text.replace("\nclients: []", f"\nclients: {clients[1]}")
    text = text.replace("ttl: 10s", f"ttl: {ttls[1]}")
    text = text.replace("services: []", f"services: {services[1]}")
    text = text.replace("mode: null_ip", "mode: custom_ip")
    changed = tmp_path / "changed.yaml"
    changed.write_text(text)
    settings = load(changed, {})
    assert str(settings.filtering.blocking.custom_ipv4) == "192.0.2.80"
    assert settings.dns.certificate and settings.dns.certificate_key and settings.upstream.proxy
    assert list(settings.upstream.sets) == ["family"]
    assert settings.upstream.routes["vpn.example"] == "default"
    assert list(settings.local.records) == ["nas.home", "*.nas.home"]
    assert settings.clients[0].name == "Kids tablet"
    assert settings.filtering.services == ("tiktok", "group:gambling")


def test_the_reference_file_names_every_tag_and_every_group_of_services() -> None:
    words = set(re.findall(r"[a-z_]+", REFERENCE.read_text()))
    assert words.issuperset(CLIENT_TAGS)
    assert words.issuperset(service.group for service in known_services().values())


def test_every_key_of_the_reference_file_has_a_comment_above_it() -> None:
    lines = REFERENCE.read_text().splitlines()
    sections = {"dns:", "upstream:", "cache:", "filtering:", "blocking:", "local:", "query_log:"}
    sections |= {"stats:", "web:", "log:", "safe_search:", "builtin:", "guard:", "dns64:"}
    below_one_comment = {f"    {engine}: false" for engine in SafeSearchSettings.model_fields}
    for above, line in pairwise(lines):
        is_key = re.match(r"( {2}| {4})?[a-z_0-9]+:", line) and line.strip() not in sections
        if is_key and not line.startswith("      ") and line not in below_one_comment:
            assert above.strip().startswith("#"), line
