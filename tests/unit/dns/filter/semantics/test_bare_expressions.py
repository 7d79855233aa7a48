"""Regular expressions without slashes, one a line, as lists for Pi-hole have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, allow, block, check, reading_of, says, table

from sinkhole.dns.filter.language.rules import parse_line

ADSERVER = r"^(.+[_.-])?adse?rv(er?|ice)?s?[0-9]*[_.-]"
SYSTEM = r"^ad([sxv]?[0-9]*|system)[_.-]([^.[:space:]]+\.){1,}|[_.-]ad([sxv]?[0-9]*|system)[_.-]"

CASES = table(
    says(ADSERVER, block="adserver.example a.adserv1.example my-adservice.x", none="loadserver.x"),
    says(ADSERVER, "@@||good.example^", allow="adserver.good.example", block="adserver.example"),
    says(SYSTEM, block="ads1.a.example x.adsystem.example", none="add.example ads"),
    says(r"(^|\.)tracker\.example$", block="tracker.example a.tracker.example"),
    says(r"(^|\.)tracker\.example$", none="mytracker.example tracker.example.org"),
    says(r"(\.|^)tracker\.example$", block="tracker.example x.tracker.example"),
    says(r"^(.+[_.-])?telemetry[_.-]", block="telemetry.x a-telemetry.x", none="telemetry"),
    says(r"^stat(s|istics)?[0-9]*[_.-]", block="stats1.x statistics.x", none="state.x a.stats.x"),
    says(r"^pixels?[-.]", block="pixel.x pixels-1.x", none="pixelss.x"),
    says(r"^mads\.", block="mads.example", none="x.mads.example nomads.example"),
    says(r"^example\.org$", block="example.org", none="a.example.org example.orgs"),
    says(r"^ads$", block="ads", none="ads.example"),
    says(r"\.xyz$", block="a.xyz a.b.xyz", none="xyz a.xyz.example"),
    says(r".*\.ads\.", block="x.ads.example", none="ads.example"),
    says(r"example\.org", block="myexample.organic", none="example-org"),
    says(r"ads[0-9]+\.example\.org", block="x-ads12.example.org", none="ads.example.org"),
    says(r"[_.-]ad[0-9]*[_.-]", block="x.ad1.example a-ad-b", none="ad.example bad1.example"),
    says(r"^[0-9]+$", block="123", none="a123 1.2"),
    says(r"^ads+", block="adss.example", none="x.ads.example"),
    says(r"^Ads\.", block="ads.example", none="xads.example"),
    says(r"^(https?://)?ads\.", block="ads.example", none="x.ads.example"),
    says(r"^ads\. # why", block="ads.example", none="x.ads.example"),
    says(allow(r"^good\."), block("||example^"), allow="good.example", block="bad.example"),
    says("0.0.0.0 a.example", r"^b\.", "||c.example^", block="a.example b.example x.c.example"),
    # What could be a pattern or a name is one.
    says("^example.org^", none="example.org"),
    says(r"\095x.example", block="_x.example", none="x.example"),
    says("ads.example.org", block="ads.example.org", none="adsxexample.org"),
)

REFUSED = {
    r"^track(ing)?[0-9]*[_.-];querytype=A": "an option of Pi-hole",
    r"^good\.;invert": "an option of Pi-hole",
    r"^https?://([A-Za-z0-9.-]*\.)?clicks\.example/": "web addresses",
    r"^(ads\.": "a broken regular expression",
    r"(ads)\1$": "a regular expression with a back-reference",
    r"^(?!good)ads\.": "a regular expression with look-around",
    r"^(.*)$": "too broad",
    r"^ads\.$important": "a character",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_they_match(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_cannot_be_used_is_told(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert REFUSED[line] in reading


@pytest.mark.parametrize("line", [ADSERVER, SYSTEM, r"(^|\.)tracker\.example$"], ids=str)
def test_they_mean_what_they_mean_between_slashes(line: str) -> None:
    assert parse_line(line) == parse_line(f"/{line}/")


@pytest.mark.parametrize(
    "line", ["&ad[1]=", "||ads[0-9].example^", "/ads(1)", "a(b)/c.js", "-ad[0-9]/"]
)
def test_parts_of_web_addresses_stay_what_they_are(line: str) -> None:
    assert not reading_of(line).startswith("rule")
