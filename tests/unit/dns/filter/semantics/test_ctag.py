"""`$ctag`: rules for devices, systems and users of a kind, from a closed list of tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Asker, Case, check, reading_of, says, table

from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS

TV = Asker("192.0.2.7", tags=("device_tv",))
CHILD_PHONE = Asker("192.0.2.8", tags=("device_phone", "os_android", "user_child"))
PLAIN = Asker("192.0.2.9")

ALL_TAGS = {
    *("device_audio", "device_camera", "device_gameconsole", "device_laptop", "device_nas"),
    *("device_other", "device_pc", "device_phone", "device_printer", "device_securityalarm"),
    *("device_tablet", "device_tv"),
    *("os_android", "os_ios", "os_linux", "os_macos", "os_other", "os_windows"),
    *("user_admin", "user_child", "user_regular"),
}

CASES = table(
    says("||example.org^$ctag=device_tv", block="a.example.org", asker=TV),
    says("||example.org^$ctag=device_tv", none="a.example.org", asker=CHILD_PHONE),
    says("||example.org^$ctag=device_tv", none="a.example.org", asker=PLAIN),
    says("||example.org^$ctag=device_tv", none="a.example.org"),
    says("||example.org^$ctag=device_tv|user_child", block="example.org", asker=TV),
    says("||example.org^$ctag=device_tv|user_child", block="example.org", asker=CHILD_PHONE),
    says("||example.org^$ctag=device_tv|user_child", none="example.org", asker=PLAIN),
    says("||example.org^$ctag=~user_child", block="example.org", asker=TV),
    says("||example.org^$ctag=~user_child", none="example.org", asker=CHILD_PHONE),
    says("||example.org^$ctag=~user_child", block="example.org", asker=PLAIN),
    says("||example.org^$ctag=~user_child", block="example.org"),
    # The excluded are tested first.
    says("||example.org^$ctag=device_phone|~user_child", none="example.org", asker=CHILD_PHONE),
    says("||example.org^$ctag=~device_tv|os_android", block="example.org", asker=CHILD_PHONE),
    says("||example.org^$ctag=~device_tv|os_android", none="example.org", asker=TV),
    says("||example.org^$ctag=~device_tv|os_android", none="example.org", asker=PLAIN),
    says("*$ctag=user_child", block="example.org", asker=CHILD_PHONE),
    says("*$ctag=user_child", none="example.org", asker=TV),
    # Both must hold.
    says("||a^$ctag=device_tv,client=192.0.2.7", block="a", asker=TV),
    says("||a^$ctag=device_tv,client=192.0.2.8", none="a", asker=TV),
    says("||a^$ctag=user_child,client=192.0.2.7", none="a", asker=TV),
    says("@@||b.a^$ctag=user_child", "||a^", allow="b.a", block="a", asker=CHILD_PHONE),
    says("@@||b.a^$ctag=user_child", "||a^", block="b.a", asker=TV),
    says("||a^$ctag=device_tv,dnsrewrite=REFUSED", rewrite={"a": "REFUSED"}, asker=TV),
    says("||a^$ctag=device_tv,dnsrewrite=REFUSED", none="a", asker=PLAIN),
)

REFUSED = [
    "||example.org^$ctag",
    "||example.org^$ctag=",
    "||example.org^$ctag=~",
    "||example.org^$ctag=device-tv",
    "||example.org^$ctag=device_toaster",
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_tags(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_is_no_tag_is_refused(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert "tag" in reading


def test_the_tags_are_a_closed_list_of_21() -> None:
    assert len(CLIENT_TAGS) == 21
    assert CLIENT_TAGS == ALL_TAGS


@pytest.mark.parametrize("tag", sorted(ALL_TAGS))
def test_every_tag_works(tag: str, tmp_path: Path) -> None:
    for case in says(f"||a^$ctag={tag}", block="a", asker=Asker(tags=(tag,))):
        check(case, tmp_path)
    for case in says(f"||a^$ctag={tag}", none="a", asker=Asker(tags=(*(ALL_TAGS - {tag}),))):
        check(case, tmp_path)
