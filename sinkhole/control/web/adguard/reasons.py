"""Why a query was answered as it was, in the words of that server; and its numbers of lists."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

from sinkhole.control.imports.adguardhome.queries import PARENTAL, SAFE_BROWSING
from sinkhole.control.lists.builtin import BUILT_IN, SAFE_SEARCH, SERVICES
from sinkhole.control.lists.categories import category_lists
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.operations.log import LogRow
from sinkhole.control.settings import ListSettings, Settings

Reason = Literal[
    "NotFilteredNotFound",
    "NotFilteredWhiteList",
    "NotFilteredError",
    "FilteredBlackList",
    "FilteredSafeBrowsing",
    "FilteredParental",
    "FilteredInvalid",
    "FilteredSafeSearch",
    "FilteredBlockedService",
    "Rewrite",
    "RewriteEtcHosts",
    "RewriteRule",
]
"""All that it knows. FilteredInvalid and NotFilteredError never happen here."""

HOSTS_FILE: Final = "hosts file"
LOCAL_RECORDS: Final = "local records"

_OWN_ID: Final = 0
_OWNED: Final = (SERVICES, SAFE_SEARCH, BUILT_IN)
"""Lists whose rules are shown with whom they are for."""
_IDS: Final = {HOSTS_FILE: -1, SERVICES: -2, SAFE_SEARCH: -5, OWN_RULES: _OWN_ID}
_CATEGORY_IDS: Final = {"adult": -3, "malware": -4}
_BLOCKED: Final[dict[str, Reason]] = {
    SERVICES: "FilteredBlockedService",
    "malware": "FilteredSafeBrowsing",
    "adult": "FilteredParental",
    SAFE_BROWSING: "FilteredSafeBrowsing",
    PARENTAL: "FilteredParental",
}
"""What it is called that a list, a category or what stands for one has blocked."""


class ListKinds(NamedTuple):
    """What the names of lists stand for: a category, and a number."""

    categories: dict[str, str]
    numbers: dict[str, int]

    @classmethod
    def of(cls, settings: Settings) -> ListKinds:
        """Those of some settings; reads the catalogue where a category is chosen, so in a
        thread. A list that the household has itself stands for itself."""
        own = {each.name for each in settings.filtering.lists}
        categories = {
            each.name: word
            for word, some in category_lists(settings).items()
            for each in some
            if each.name not in own
        }
        numbers = {each.name: number_of(each) for each in settings.filtering.lists}
        numbers |= {name: _CATEGORY_IDS[word] for name, word in categories.items()}
        return cls(categories, {**numbers, **_IDS})

    def category(self, name: str) -> str:
        """The category that a list is fetched for, "" for none."""
        return self.categories.get(name, "")

    def number(self, name: str) -> int:
        """The number of a list; rules of groups and clients are own ones."""
        return self.numbers.get(name, _OWN_ID)


def number_of(entry: ListSettings) -> int:
    """A number that a list has as long as its address and kind are the same: 48 bits, which every
    program can read."""
    return int(entry.id.rpartition("-")[2], 16)


def reason_of(row: LogRow, kinds: ListKinds) -> Reason:
    """Why a row of the log was answered as it was."""
    return reason(row.outcome, row.list or "", kinds, is_blocked=row.blocked)


def reason(outcome: str, list_name: str, kinds: ListKinds, *, is_blocked: bool) -> Reason:
    """The same of an outcome and the list that decided, "" for none."""
    if is_blocked:
        kind = kinds.category(list_name) or list_name
        return _BLOCKED.get(kind, "FilteredBlackList")
    if outcome == "rewritten":
        return "FilteredSafeSearch" if list_name == SAFE_SEARCH else "RewriteRule"
    if outcome == "local":
        local: dict[str, Reason] = {LOCAL_RECORDS: "Rewrite", HOSTS_FILE: "RewriteEtcHosts"}
        return local.get(list_name, "NotFilteredNotFound")
    if outcome in ("forwarded", "cached", "stale") and list_name:
        return "NotFilteredWhiteList"  # a rule had a say, and refused nothing
    return "NotFilteredNotFound"


class RuleThere(NamedTuple):
    """A rule as it is there: whom one of ours by itself is for stands beside it."""

    text: str
    owner: str

    @classmethod
    def of(cls, rule: str, list_name: str) -> RuleThere:
        """That of a rule as we show it, "" for none."""
        if list_name not in _OWNED:
            return cls(rule, "")
        owner, _, text = rule.partition(": ")
        return cls(text, owner)


# ---- what is looked for ------------------------------------------------------------------------

_ALL: Final = frozenset[Reason](get_args(Reason))
_REWRITTEN: Final = frozenset[Reason]({"Rewrite", "RewriteEtcHosts", "RewriteRule"})
_QUIET: Final = frozenset[Reason]({"NotFilteredNotFound", "NotFilteredError"})

STATUSES: Final[dict[str, frozenset[Reason]]] = {
    "all": _ALL,
    "filtered": _ALL - _QUIET,
    "blocked": frozenset({"FilteredBlackList", "FilteredBlockedService"}),
    "blocked_services": frozenset({"FilteredBlockedService"}),
    "blocked_safebrowsing": frozenset({"FilteredSafeBrowsing"}),
    "blocked_parental": frozenset({"FilteredParental"}),
    "whitelisted": frozenset({"NotFilteredWhiteList"}),
    "rewritten": _REWRITTEN,
    "safe_search": frozenset({"FilteredSafeSearch"}),
    "processed": _ALL - {"FilteredBlackList", "FilteredBlockedService", "NotFilteredWhiteList"},
}
"""What `response_status` lets through."""

REASONS: Final = _ALL


def verdicts_for(wanted: frozenset[Reason]) -> list[str]:
    """What to look for in the log so that nothing of these is missed: [] for everything."""
    words: set[str] = set()
    if any(each.startswith("Filtered") and each != "FilteredSafeSearch" for each in wanted):
        words.add("blocked")
    if wanted & (_REWRITTEN | {"FilteredSafeSearch"}):
        words.add("local")
    if wanted & {"NotFilteredNotFound", "NotFilteredWhiteList", "NotFilteredError"}:
        return []
    return sorted(words)
