"""Any client that is shown as AdGuard Home shows it and written back is the same client."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.settings import Settings
from sinkhole.control.settings.shipped import known_services
from sinkhole.control.web.adguard.asked import without_null
from sinkhole.control.web.adguard.client_form import (
    ClientBody,
    Scene,
    edited,
    own_set,
    said_of,
    shown,
    sorted_ids,
)
from sinkhole.control.web.refusals import Refused

FLAG: Final = st.booleans()
CLIENT: Final = st.fixed_dictionaries(
    {"name": st.sampled_from(["tv", "Kids tablet"]), "ids": st.just(["tv"])},
    optional={
        "addresses": st.sampled_from([["192.0.2.7"], ["2001:db8::/64", "192.0.2.8"]]),
        "macs": st.just(["02:00:5e:10:00:01"]),
        "hosts": st.just(["tv-in-the-hall"]),
        "tags": st.just(["device_tv"]),
        "group": st.just("kids"),
        "filtering": FLAG,
        "categories": st.lists(st.sampled_from(["malware", "adult"]), unique=True),
        "safe_search": st.sampled_from([{"google": True}, {"youtube": "moderate"}, {}]),
        "services": st.sampled_from([[], ["tiktok"], ["group:gambling", "tiktok"]]),
        "rules": st.just(["||a.example^"]),
        "lists": st.just([]),
        "upstream": st.just("family"),
        "log": FLAG,
        "statistics": FLAG,
        "schedules": st.just([{"when": "bedtime", "allow_only": True}]),
    },
)
GROUP: Final = st.fixed_dictionaries(
    {"name": st.just("kids")},
    optional={"filtering": FLAG, "log": FLAG, "safe_search": st.just({"bing": True})},
)


def scene_with(client: dict[str, Any], group: dict[str, Any]) -> Scene:
    tree = {
        "clients": [client],
        "groups": [group],
        "schedules": [{"name": "bedtime", "windows": ["daily 21:00-07:00"]}],
        "upstream": {"sets": {"family": {"servers": ["tls://family.example.org"]}}},
    }
    return Scene(Settings.model_validate(tree), known_services())


def body_of(told: dict[str, Any]) -> ClientBody:
    return ClientBody.model_validate(without_null(json.loads(json.dumps(told))))


@settings(deadline=None)
@given(CLIENT, GROUP)
def test_what_is_shown_and_written_back_is_the_same(
    client: dict[str, Any], group: dict[str, Any]
) -> None:
    scene = scene_with(client, group)
    (found,) = scene.settings.clients
    assert edited(found, body_of(shown(found, scene)), scene) == (said_of(found), [])


@settings(deadline=None)
@given(CLIENT, GROUP, FLAG, FLAG)
def test_what_is_switched_is_shown_switched_and_the_rest_as_it_was(
    client: dict[str, Any], group: dict[str, Any], ignored: bool, parental: bool
) -> None:
    scene = scene_with(client, group)
    (found,) = scene.settings.clients
    told = shown(found, scene)
    if not told["use_global_settings"]:
        told["parental_enabled"] = parental
    told |= {"ignore_querylog": ignored, "upstreams": ["192.0.2.53"]}
    item, changes = edited(found, body_of(told), scene)
    name = own_set(told["name"])
    assert [(each.item, each.value) for each in changes] == [(name, {"servers": ["192.0.2.53"]})]
    sets = {"sets": {name: changes[0].value, "family": {"servers": ["192.0.2.1"]}}}
    tree = {"clients": [item], "groups": [group], "upstream": sets}
    tree["schedules"] = [{"name": "bedtime", "windows": ["daily 21:00-07:00"]}]
    then = Scene(Settings.model_validate(tree), scene.known)
    assert shown(then.settings.clients[0], then) == told
    for key in ("rules", "lists", "group", "schedules", "hosts"):
        assert item.get(key) == said_of(found).get(key)


def test_ids_are_sorted_by_what_they_are() -> None:
    given_ids = ["192.0.2.7", "2001:DB8::/64", "02-00-5E-10-00-01", "Tablet", "my.host"]
    assert sorted_ids(given_ids, ["my.host"]) == {
        "addresses": ["192.0.2.7", "2001:db8::/64"],
        "macs": ["02:00:5e:10:00:01"],
        "ids": ["tablet"],
        "hosts": ["my.host"],
    }
    with pytest.raises(Refused, match="invalid clientid"):
        sorted_ids(["my.host"], [])
