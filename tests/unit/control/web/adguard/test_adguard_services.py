"""Which choice of services it takes so that some are blocked."""

from __future__ import annotations

import pytest

from sinkhole.control.imports.adguardhome.services import THEIR_NAMES
from sinkhole.control.settings.shipped import known_services
from sinkhole.control.web.adguard.services import chosen, expanded
from sinkhole.control.web.refusals import Refused

KNOWN = known_services()
GAMBLING = expanded(["group:gambling"], KNOWN)


def test_a_group_stays_one_while_all_of_it_is_wanted() -> None:
    assert len(GAMBLING) > 2
    assert chosen([*GAMBLING, "tiktok"], ["group:gambling"], KNOWN) == ["group:gambling", "tiktok"]
    assert chosen(GAMBLING[1:], ["group:gambling"], KNOWN) == GAMBLING[1:]
    assert chosen(GAMBLING, [], KNOWN) == GAMBLING


def test_what_is_named_beside_its_group_stays_named() -> None:
    now = ["group:gambling", GAMBLING[0]]
    assert chosen(GAMBLING, now, KNOWN) == now


def test_services_that_have_another_id_there_are_called_by_it() -> None:
    assert chosen(["disneyplus", "max", "hbomax"], [], KNOWN) == ["disney_plus", "hbo_max"]
    assert expanded(["disney_plus", "hbo_max"], KNOWN) == ["disneyplus", "hbomax"]
    assert {*THEIR_NAMES} <= {*KNOWN}
    assert not {*THEIR_NAMES.values()} & {*KNOWN}


def test_an_id_that_nobody_has_is_refused() -> None:
    with pytest.raises(Refused, match='unknown blocked-service "nothere"') as error:
        chosen(["nothere"], [], KNOWN)
    assert error.value.status == 422


@pytest.mark.parametrize("theirs", ["4chan", "espn", "nvidia", "playstore", "qq", "skype"])
def test_one_that_only_that_server_has_is_named_and_nothing_is_chosen(theirs: str) -> None:
    """docs/adguard.md tells it, as it stops programs that copy settings."""
    with pytest.raises(Refused, match=f'unknown blocked-service "{theirs}"') as error:
        chosen(["tiktok", theirs], ["discord"], KNOWN)
    assert error.value.status == 422
