"""The policy of any client at any time is what a naive reading of the settings comes to.

The reading knows nothing of the program: it goes by the mappings that a settings file has, and by
what docs/settings.md says of them, field by field.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.groups.effective import EffectivePolicy
from sinkhole.control.groups.household import Household
from sinkhole.control.settings import Settings
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.state.pauses import Pause
from sinkhole.model.stamp import Stamp

SERVICES = Path(__file__).parents[2] / "blocklists" / "services.yaml"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERS = {"A": 1, "AAAA": 28, "HTTPS": 65, "TYPE999": 999}
ENGINES = ("bing", "brave", "duckduckgo", "ecosia", "google", "pixabay", "yandex")
BUILTIN = ("doh_canary", "private_relay", "discovery", "rebinding")
MODES = ("null_ip", "nxdomain", "custom_ip")
LISTS, SETS = ("One", "two", "Three"), ("family", "vpn")
SCHEDULES, GROUPS, CLIENTS = (
    ("bedtime", "homework", "Weekend"),
    ("kids", "Guests"),
    ("TV", "pad", "x"),
)
CHOICE = ("tiktok", "youtube", "group:gambling")

# ---- settings ------------------------------------------------------------------------------------


def some(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=3)


def spelled(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(words), st.sampled_from((str, str.upper, str.lower))).map(
        lambda pair: pair[1](pair[0])
    )


FLAG = st.booleans()
TTL = st.one_of(
    st.sampled_from(("10s", "1m")),
    st.dictionaries(st.sampled_from(MODES), st.sampled_from(("5s", "1h")), min_size=1),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "filtering": FLAG,
    "lists": st.one_of(
        st.just("all"), st.lists(spelled(LISTS), unique_by=str.casefold, max_size=2)
    ),
    "rules": st.lists(st.sampled_from(("||a.example^", "@@||b.example^")), max_size=2),
    "services": some(CHOICE),
    "categories": some(("malware", "adult")),
    "safe_search": st.fixed_dictionaries(
        {}, optional={**dict.fromkeys(ENGINES, FLAG), "youtube": st.sampled_from(("off", "strict"))}
    ),
    "builtin": st.fixed_dictionaries({}, optional=dict.fromkeys(BUILTIN, FLAG)),
    "blocking": st.fixed_dictionaries({}, optional={"mode": st.sampled_from(MODES), "ttl": TTL}),
    "allow_only": FLAG,
    "refuse_types": some(tuple(NUMBERS)),
    "upstream": st.sampled_from((*SETS, "default")),
    "client_subnet": st.sampled_from(("off", "client", "198.51.100.0/24")),
    "rate_limit": st.integers(0, 500),
    "privacy": st.sampled_from(("full", "no_names", "nothing")),
    "log": FLAG,
    "statistics": FLAG,
}
SAID = st.fixed_dictionaries({}, optional=FIELDS)


@st.composite
def windows(draw: st.DrawFn) -> str:
    days = ",".join(draw(some(DAYS)) or ["daily"])
    start, end = draw(st.integers(0, 23)), draw(st.integers(0, 24))
    return f"{days} {start:02}:00-{end}:30" if end < 24 else f"{days} {start:02}:00-24:00"


@st.composite
def owners(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A group, or most of a client."""
    entries = draw(st.lists(spelled(SCHEDULES), unique_by=str.casefold, max_size=3))
    schedules = [{"when": each, **draw(SAID)} for each in entries]
    return {"name": name, **draw(SAID), **({"schedules": schedules} if schedules else {})}


@st.composite
def households(draw: st.DrawFn) -> dict[str, Any]:
    groups = [draw(owners(each)) for each in draw(some((*GROUPS, "default")))]
    known = tuple(each["name"] for each in groups) or ("default",)
    clients = []
    for name in draw(some(CLIENTS)):
        client = {**draw(owners(name)), "ids": [name.lower()]}
        clients.append(client | ({"group": draw(spelled(known))} if draw(FLAG) else {}))
    return {
        "time_zone": "Europe/Berlin",
        "schedules": [
            {
                "name": name,
                "windows": draw(st.lists(windows(), min_size=1, unique=True, max_size=2)),
            }
            for name in SCHEDULES
        ],
        "groups": groups,
        "clients": clients,
        "dns": {"rate_limit": draw(st.integers(0, 500))},
        "upstream": {"sets": {name: {"servers": ["192.0.2.1"]} for name in SETS}},
        "query_log": {"privacy": draw(st.sampled_from(("full", "no_clients")))},
        "filtering": {
            "lists": [{"name": name, "url": f"https://l.example.org/{name}"} for name in LISTS],
            "rules": ["||own.example^"],
            "enabled": draw(FLAG),
            "services": draw(some(CHOICE)),
            "categories": draw(some(("malware", "adult"))),
            "refuse_types": draw(some(tuple(NUMBERS))),
            "safe_search": {"bing": draw(FLAG)},
            "builtin": {"rebinding": draw(FLAG), "rebinding_allow": ["home.example"]},
            "blocking": {"mode": draw(st.sampled_from(MODES)), "custom_ipv4": "192.0.2.80"}
            | ({"ttl": draw(TTL)} if draw(FLAG) else {}),
        },
    }


@st.composite
def pauses(draw: st.DrawFn) -> list[tuple[str, str]]:
    every = [("all", ""), ("service", "tiktok"), ("service", "group:gambling")]
    every += [("group", name) for name in ("KIDS", "guests", "default", "gone")]
    every += [("client", name) for name in ("tv", "pad", "gone")]
    every += [("list", name) for name in ("two", "one", "gone")]
    return draw(st.lists(st.sampled_from(every), unique=True, max_size=4))


BEGIN, END = datetime(2026, 1, 1), datetime(2027, 12, 31)
WALLS = st.datetimes(BEGIN, END).filter(lambda wall: wall.month not in (3, 10))  # see the calendar

# ---- the naive reading ---------------------------------------------------------------------------


def is_open(windows: list[str], wall: datetime) -> bool:
    for text in windows:
        days, _, times = text.partition(" ")
        start, _, end = times.partition("-")
        for ago in (0, 1):
            midnight = datetime(wall.year, wall.month, wall.day) - timedelta(days=ago)
            begins, ends = (
                midnight + timedelta(hours=int(h), minutes=int(m))
                for h, m in (start.split(":"), end.split(":"))
            )
            ends += timedelta(days=1) if ends <= begins else timedelta()
            is_day = days == "daily" or DAYS[midnight.weekday()] in days.split(",")
            if is_day and begins <= wall < ends:
                return True
    return False


def same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


@cache
def services() -> list[tuple[str, str]]:
    found = yaml.load(SERVICES.read_text(), yaml.CSafeLoader)["services"]
    return [(each["id"], each["group"]) for each in found]


def expanded(choice: list[str]) -> list[str]:
    return [i for i, group in services() if i in choice or f"group:{group}" in choice]


class Reading:
    """What a tree says of one who is in a group, at a time of the clock."""

    def __init__(self, tree: dict[str, Any], wall: datetime, off: list[tuple[str, str]]) -> None:
        self.tree, self.wall, self.off = tree, wall, off

    def group_of(self, client: dict[str, Any]) -> dict[str, Any]:
        wanted = client.get("group", "default")
        return next(
            (g for g in self.tree["groups"] if same(g["name"], wanted)), {"name": "default"}
        )

    def layers(self, owner: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        open_now = [s["name"] for s in self.tree["schedules"] if is_open(s["windows"], self.wall)]
        is_client = any(owner is each for each in self.tree["clients"])
        groups = [*(each["name"] for each in self.tree["groups"]), "default"]
        is_namesake = is_client and any(same(owner["name"], each) for each in groups)
        whose = f"client {owner['name']}" if is_namesake else owner["name"]
        return [(f"rules of {whose}", owner)] + [
            (f"rules of {whose}, {name}", entry)
            for entry in owner.get("schedules", ())
            for name in open_now
            if same(name, entry["when"])
        ]

    def last(self, layers: list[dict[str, Any]], key: str, usual: Any) -> Any:
        for layer in layers:
            usual = layer.get(key, usual)
        return usual

    def inside(self, layers: list[dict[str, Any]], section: str, usual: dict[str, Any]) -> Any:
        parts = [layer.get(section, {}) for layer in layers]
        parts.insert(0, self.tree["filtering"].get(section, {}))
        return {key: self.last(parts, key, value) for key, value in usual.items()}

    def paused(self, scope: str, *names: str) -> bool:
        return any(s == scope and any(same(n, name) for name in names) for s, n in self.off)

    def policy(self, group: dict[str, Any], client: dict[str, Any] | None) -> dict[str, Any]:
        named = self.layers(group) + (self.layers(client) if client else [])
        layers = [each for _, each in named]
        home = self.tree["filtering"]
        lists = self.last(layers, "lists", "all")
        off = [name for scope, name in self.off if scope == "service"]
        blocking = self.inside(layers, "blocking", {"mode": "null_ip", "ttl": "10s"})
        if isinstance(blocking["ttl"], dict):
            blocking["ttl"] = blocking["ttl"].get(blocking["mode"], "10s")
        builtin = self.inside(layers, "builtin", dict.fromkeys(BUILTIN, True))
        types = {NUMBERS[each] for each in self.last(layers, "refuse_types", home["refuse_types"])}
        return {
            "filtering": self.last(layers, "filtering", home["enabled"]),
            "is_paused": self.paused("all", "")
            or self.paused("group", group["name"])
            or (client is not None and self.paused("client", client["name"])),
            "lists": None
            if lists == "all"
            else [known for known in LISTS if any(same(known, each) for each in lists)],
            "paused_lists": [known for known in LISTS if self.paused("list", known)],
            "rules": [[name, each["rules"]] for name, each in named if each.get("rules")],
            "services": [
                each
                for each in expanded(self.last(layers, "services", home["services"]))
                if each not in expanded(off)
            ],
            "categories": sorted(self.last(layers, "categories", home["categories"])),
            "safe_search": self.inside(
                layers, "safe_search", {**dict.fromkeys(ENGINES, False), "youtube": "off"}
            ),
            "builtin": {**builtin, "rebinding_allow": ["home.example"], "bogus_nxdomain": []},
            "blocking": {**blocking, "custom_ipv4": "192.0.2.80"},
            "allow_only": self.last(layers, "allow_only", False),
            "refuse_types": sorted(types),
            "upstream": self.last(layers, "upstream", "default"),
            "client_subnet": self.last(layers, "client_subnet", None),
            "rate_limit": self.last(layers, "rate_limit", self.tree["dns"]["rate_limit"]),
            "privacy": self.last(layers, "privacy", self.tree["query_log"]["privacy"]),
            "log": self.last(layers, "log", True),
            "statistics": self.last(layers, "statistics", True),
        }


def told(policy: EffectivePolicy) -> dict[str, Any]:
    return {name: plain_of(getattr(policy, name)) for name in policy.__dataclass_fields__}


@settings(max_examples=150, deadline=None)
@given(households(), WALLS, pauses())
def test_every_policy_is_what_the_settings_say(
    tree: dict[str, Any], wall: datetime, off: list[tuple[str, str]]
) -> None:
    at_s = wall.replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    stamp = Stamp("", 0.0, at_s)
    known: Any = [Pause(scope, name, stamp, None, "") for scope, name in off]  # type: ignore[arg-type]  # a word that was drawn
    household = Household(Settings.model_validate(tree))
    found = household.policies(at_s, known)
    reading = Reading(tree, wall, off)
    assert list(found.clients) == [each["name"] for each in tree["clients"]]
    for client in tree["clients"]:
        group = reading.group_of(client)
        wanted = reading.policy(group, client)
        assert told(found.clients[client["name"]]) == wanted
        applied = household.applied(at_s, known, client=client["name"].upper())
        assert applied.policy == found.clients[client["name"]] and hash(applied.policy)
        assert applied.group == group["name"] == household.group_of(client["name"])
    for name, policy in found.groups.items():
        assert told(policy) == reading.policy(reading.group_of({"group": name}), None)
        assert household.applied(at_s, known, group=name.upper()).policy == policy
    assert set(found.groups) == {"default", *(each["name"] for each in tree["groups"])}
    assert found.open == {s["name"] for s in tree["schedules"] if is_open(s["windows"], wall)}


@settings(max_examples=60, deadline=None)
@given(households(), WALLS)
def test_nothing_changes_before_the_next_edge(tree: dict[str, Any], wall: datetime) -> None:
    at_s = wall.replace(tzinfo=UTC).timestamp()
    household = Household(Settings.model_validate(tree))
    edge_s = household.next_edge(at_s)
    before = household.policies(at_s)
    for part in (0.1, 0.5, 0.9, 0.999):
        assert household.policies(at_s + part * ((edge_s or at_s + 1e6) - at_s)) == before
    if edge_s is not None:
        assert household.policies(edge_s).open != before.open
