"""Services by id and group, and the promises of blocklists/services.yaml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sinkhole.control.settings import Settings, shipped
from sinkhole.control.settings.addresses import parse_host_name
from sinkhole.control.settings.shipped import (
    SERVICES_FILE,
    BlockableService,
    chosen_services,
    find_shipped,
    known_services,
    read_shipped,
)

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]

WITHIN_ANOTHER = {("youtube_music", "music.youtube.com")} | {
    ("amazon_music", domain) for domain in known_services()["amazon_music"].domains
}
"""Domains of a service that lie below a domain of another one, and are meant to."""

SHARED = """
    akamaihd.net akamaized.net amazonaws.com apple.com azureedge.net bing.com cloudflare.com
    cloudfront.net cloud.microsoft edgekey.net edgesuite.net fastly.net fbcdn.net google.com
    googleapis.com googleusercontent.com gstatic.com icloud.com live.com microsoft.com proton.me
    qq.com tencent.com windows.net yandex.net
"""
"""What many services need; blocking one of them for one service would break the others."""


def test_ids_and_groups_are_taken(loaded: Load) -> None:
    text = "filtering: {services: ['group:gambling', tiktok, '888']}"
    assert loaded(text).filtering.services == ("group:gambling", "tiktok", "888")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("tiktock", '"tiktock" is no service, did you mean "tiktok"?'),
        ("TikTok", '"TikTok" is no service, did you mean "tiktok"?'),
        ("Plenty of Fish", 'did you mean "plenty_of_fish"?'),
        ("Disney+", 'did you mean "disney_plus"?'),
        ("group:gambeling", 'did you mean "group:gambling"?'),
        ("gambling", 'did you mean "group:gambling"?'),
        ("group:x", '"group:x" is no group of services, known are adult, ai, cloud, dating,'),
        ("zzzz", '"zzzz" is no service, they stand in blocklists/services.yaml, in the groups ad'),
        ("5", '5 is not text, write "5"'),
        ("''", '"" is empty'),
    ],
)
def test_an_unknown_service_gets_a_suggestion(problems: Problems, word: str, found: str) -> None:
    (problem,) = problems(f"filtering:\n  services:\n    - vk\n    - {word}\n")
    assert problem.startswith("s.yaml:4: filtering.services[1]: ")
    assert found in problem


def test_a_service_is_listed_once(problems: Problems) -> None:
    assert problems("filtering:\n  services: [vk, vk]\n") == [
        's.yaml:2: filtering.services[1]: "vk" is listed twice'
    ]


def test_a_group_stands_for_its_services_and_each_counts_once() -> None:
    found = chosen_services(["tiktok", "tinder", "group:dating"])
    assert Counter(service.id for service in found)["tinder"] == 1
    assert {service.group for service in found} == {"dating", "social_network"}
    dating = [service for service in known_services().values() if service.group == "dating"]
    assert len(found) == len(dating) + 1


def test_the_file_is_not_read_where_no_service_is_chosen(
    loaded: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> object:
        raise AssertionError(path)

    known_services.cache_clear()
    monkeypatch.setattr(shipped, "read_shipped", refuse)
    assert loaded("filtering: {rules: []}").filtering.services == ()


@pytest.mark.parametrize("entry", read_shipped(SERVICES_FILE)["services"], ids=lambda e: e["id"])
def test_every_service_says_where_its_domains_were_checked(entry: dict[str, Any]) -> None:
    head = find_shipped(SERVICES_FILE).read_text().partition("\n\n")[0]
    assert all(f"\n#   {source} " in head for source in entry["checked"])
    unchecked = entry.get("unchecked", [])
    assert set(unchecked) <= set(entry["domains"]) and unchecked == sorted(set(unchecked))
    assert bool(entry["checked"]) == (len(unchecked) < len(entry["domains"]))


def test_there_are_at_least_75_services_in_10_groups_each_in_its_place() -> None:
    entries = read_shipped(SERVICES_FILE)["services"]
    groups = read_shipped(SERVICES_FILE)["groups"]
    assert len(entries) >= 75 and len(groups) >= 10
    assert all(
        set(entry) - {"unchecked"} == {"id", "name", "group", "domains", "checked"}
        for entry in entries
    )
    assert len({entry["id"] for entry in entries}) == len(entries) == len(known_services())
    assert len({entry["name"].casefold() for entry in entries}) == len(entries)
    assert {entry["group"] for entry in entries} == set(groups)
    places = [(entry["group"], entry["id"]) for entry in entries]
    assert places == sorted(places) and list(groups) == sorted(groups)


@pytest.mark.parametrize("service", known_services().values(), ids=lambda service: service.id)
def test_a_service_has_an_id_a_name_and_sorted_domains(service: BlockableService) -> None:
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", service.id)
    assert service.name.strip() == service.name and service.name.isprintable()
    assert service.domains and list(service.domains) == sorted(set(service.domains))
    for domain in service.domains:
        assert parse_host_name(domain) == domain and "." in domain
        assert not any(f".{shared}".endswith(f".{domain}") for shared in SHARED.split())
        above = {domain[at:] for at in range(1, len(domain)) if domain[at - 1] == "."}
        assert not above.intersection(service.domains), "already blocked by the domain above it"


def test_no_domain_is_in_two_services_unless_it_is_meant() -> None:
    owners = {
        domain: service.id for service in known_services().values() for domain in service.domains
    }
    assert len(owners) == sum(len(service.domains) for service in known_services().values())
    within = {
        (owner, domain)
        for domain, owner in owners.items()
        for at in range(1, len(domain))
        if domain[at - 1] == "." and owners.get(domain[at:], owner) != owner
    }
    assert within == WITHIN_ANOTHER


def test_the_file_is_plain_and_says_nothing_of_addresses() -> None:
    text = (Path(__file__).parents[4] / SERVICES_FILE).read_text()
    assert "/" not in re.sub(r"^#.*", "", text, flags=re.MULTILINE)
