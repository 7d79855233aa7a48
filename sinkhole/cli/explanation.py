"""An explanation in words, for people at a terminal.

Rules, names and records come from strangers: nothing of them may steer the terminal.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from sinkhole.cli.options import in_words as span_in_words
from sinkhole.cli.terminal import printable
from sinkhole.model.explanation import (
    CacheEntry,
    Change,
    Decision,
    Explanation,
    Lead,
    Place,
    ReplyText,
    RuleOpinion,
    RulesExplained,
)

MOST_TEXT: Final = 160
"""Characters of a rule or of a record's data that are shown; JSON has them all."""

MOST_NAMED: Final = 5
"""Clients that are alike and named in one line."""

_SOON_S: Final = 60.0
"""What is explained within this is now."""

_WIDTH: Final = 10
_RULES: Final = "filtering.rules"
_EFFECTS: Final = {
    "allow": "To allow it",
    "block": "To block it",
    "serve": "To serve this client",
    "forward": "To ask an upstream instead",
}
_DOES: Final = {"add": "adds that", "remove": "removes that", "set": "sets that"}
_STATES: Final = {
    "fresh": "fresh",
    "aged": "fresh enough, TTLs counted down",
    "expired": "expired, kept for when no upstream answers",
    "stale": "expired, given because no upstream answers",
    "refused": "refused for where the answer led",
    "failure": "a failure: no upstream could answer",
    "made here": "made here, good until rules or settings change",
}


NOWHERE = "0.0.0.0/0"
"""The client subnet that says that nobody is to be told of the client (RFC 7871 §7.1.2)."""


def in_words(explained: RulesExplained | Explanation) -> str:
    """The explanation as lines of text, without control characters."""
    lines = [f"{explained['name']} {explained['type']}: "]
    if "stages" in explained:
        whole = cast(Explanation, explained)
        lines[0] += _outcome(whole)
        changes = map(_change, whole["changes"])
        lines += [*_stages(whole), *_others(whole), *changes, *_at_once(whole)]
        lines += _where_from(whole)
    else:
        lines[0] += _decision(explained) or "not on any list"
        lines += _opinions(explained["opinions"], "  ")
    return "\n".join(map(printable, lines))


def _where_from(told: Explanation) -> Iterator[str]:
    if why := told.get("no_server"):
        yield f"Told by the settings, without what is cached, as no server was asked: {why}"
    missing = [each["name"] for each in told["lists"] if each["state"] in ("missing", "failed")]
    if missing:
        yield f"Not compiled yet in {told['data_dir']}, so not asked: {', '.join(missing)}"


def _outcome(told: Explanation) -> str:
    if told["outcome"] == "refused":
        return f"refused: {told['detail']}"
    if told["hop"]:
        how = "answered NXDOMAIN" if told["outcome"] == "rewritten" else "blocked"
        return f"{how}, as the answer leads to {told['hop']}: {_rule(told['decided_by'])}"
    if told["asks"] and told["verdict"] == "rewrite":
        return f"led to {told['asks']} {_source(told, told['detail'])}"
    if told["outcome"].startswith("blocked") and told["verdict"] == "none":
        says = [each["says"] for each in told["stages"] if each["reached"]]
        return f"refused, whatever lists say: {says[-1]}"
    return _decision(told, told["detail"]) or "not on any list, so it is forwarded"


def _decision(told: Decision, detail: str = "") -> str:
    """What rules or the house decide, "" where they decide nothing."""
    if told["rewrite"] is not None:
        rewrite = told["rewrite"]
        answers = "; ".join(map(_short, rewrite["answers"]))
        answers = answers or f"no records, {rewrite['rcode']}"
        return f"answered here {_source(told, detail)}: {answers}"
    return f"{told['verdict']}ed by {_rule(told)}" if told["verdict"] != "none" else ""


def _source(told: Decision, detail: str) -> str:
    return f"by {_rule(told)}" if told["list"] else f"({detail})"


def _rule(place: Place) -> str:
    """Where a rule stands, and its text."""
    if not place["line"]:
        return str(place["list"])
    text = _short(place["rule"] or "(its text is gone)")
    return f"{place['list']}, line {place['line']}: {text}"


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


# ---- stage by stage --------------------------------------------------------------------------


def _stages(told: Explanation) -> Iterator[str]:
    yield _line("client", _client(told))
    yield from _applies(told)
    for stage in told["stages"]:
        says = stage["says"] if stage["reached"] else f"not reached, would say: {stage['says']}"
        yield _line(stage["stage"], says)
        if stage["stage"] in ("lists", "built-in"):
            builtin = stage["stage"] == "built-in"
            opinions = [each for each in told["opinions"] if each["builtin"] is builtin]
            yield from _opinions(opinions, " " * (_WIDTH + 2))
    if told["answer"]:
        yield from _reply("answer", told["answer"])
    if told["asks"]:
        yield _line("upstream", _asked(told))
    yield from _cache(told)
    yield from _leads(told)


def _asked(told: Explanation) -> str:
    whom = f"those of the set {told['via']!r} are " if told["via"] else ""
    where = f"; told that the client is in {told['subnet']}" if told["subnet"] else ""
    if told["subnet"] == NOWHERE:
        where = "; told to keep to themselves where it is from"
    return f"{whom}asked about {told['asks']} when there is no answer in the cache{where}"


def _line(head: str, text: str) -> str:
    return f"  {head:<{_WIDTH}}{text}"


def _client(told: Explanation) -> str:
    client = told["client"]
    text = str(client["address"])
    if client["name"]:
        tags = f" ({', '.join(client['tags'])})" if client["tags"] else ""
        text += f', "{client["name"]}"{tags}'
        text += f", known by its {client['known_by']}" if client.get("known_by") else ""
    text += f", group {told['group']}"
    return text + (f"; rules know {', '.join(client['traits'])}" if client["traits"] else "")


def _applies(told: Explanation) -> Iterator[str]:
    """What applies to the client and why, where somebody says anything of it."""
    if (applies := told.get("applies")) is None:  # by an older server
        return
    if abs(applies["at"] - time.time()) > _SOON_S:
        yield _line("moment", _moment(applies["at"], applies["time_zone"]))
    head = "applies"
    for each in applies["layers"]:
        during = f" during {each['schedule']}" if each["schedule"] else ""
        yield _line(head, f"{each['kind']} {each['name']}{during}: {', '.join(each['says'])}")
        head = ""
    if applies["open"]:
        names, until = ", ".join(applies["open"]), applies["until"]
        change = f"; this changes {_moment(until, applies['time_zone'])}" if until else ""
        yield _line(head, f"open now: {names}{change}")
        head = ""
    for pause in applies["pauses"]:
        name = f" {pause['name']}" if pause["name"] else ""
        left_s = pause["left_s"]
        end = "until it is resumed" if left_s is None else f"for {span_in_words(left_s)}"
        yield _line(head, f"paused: {pause['scope']}{name}, {end}, by {pause['by']}")
        head = ""


def _moment(at_s: float, zone: str) -> str:
    """What the clock of the household shows then; this machine's, where it knows no such zone."""
    try:
        wall = datetime.fromtimestamp(at_s, ZoneInfo(zone) if zone else None)
    except (KeyError, ValueError, OSError):
        wall = datetime.fromtimestamp(at_s)
    return f"{wall:%a %Y-%m-%d %H:%M}"


def _others(told: Explanation) -> Iterator[str]:
    """What the same name is for others."""
    head = "others"
    for each in told.get("others", ()):
        who = _few(each["clients"]) or "everybody else"
        says = str(each["outcome"]).replace("_", " ")
        if each["list"]:
            says += f" by {_rule(each)}"
        elif each["detail"]:
            says += f": {each['detail']}"
        yield _line(head, f"for {who}, group {each['group']}: {says}")
        head = ""


def _few(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _opinions(opinions: list[RuleOpinion], margin: str) -> Iterator[str]:
    for each in opinions:
        effect = "allows" if each["allowed"] else "blocks"
        if each["rewrite"] is not None:
            effect = "rewrites"
        why = ", and decides" if each["decides"] else f"; {each['note']}"
        mark = ">" if each["decides"] else "-"
        yield f"{margin}{mark} {_rule(each)}  ({effect}{why})"


def _reply(head: str, reply: ReplyText) -> Iterator[str]:
    if not reply["records"]:
        yield _line(head, f"{reply['rcode']}, no records")
    for position, record in enumerate(reply["records"]):
        text = f"{record['name']} {record['type']} {_short(record['data'])}, TTL {record['ttl']}"
        yield _line("" if position else head, text)


def _cache(told: Explanation) -> Iterator[str]:
    if told["cache"] is None:
        return
    if not told["cache"]:
        yield _line("cache", "nothing kept for this client")
    for each in told["cache"]:
        flags = ", with DO" * each["do"] + ", with CD" * each["cd"]
        ttl = f", {each['ttl_s']} s left" if each["ttl_s"] is not None else ""
        negative = (
            ", a negative answer" if each["negative"] and each["outcome"] != "blocked" else ""
        )
        outdated = ", judged by older rules: will be judged again" if each["outdated"] else ""
        state = _STATES[each["state"]]
        yield _line("cache", f"{state}{ttl}{negative}{flags}; was {_was(each)}{outdated}")
        yield from _reply("", each)


def _was(entry: CacheEntry) -> str:
    words = str(entry["outcome"]).replace("_", " ")
    if entry["list"]:
        return f"{words} by {_rule(entry)}"
    return f"{words}: {entry['detail']}" if entry["detail"] else words


def _leads(told: Explanation) -> Iterator[str]:
    where = "leads to" if told["leads_to"] else ""
    if told["heard"]:
        yield _line("asked", "an upstream, just now")
    for each in told["leads_to"]:
        verdict = "not refused"
        if each["list"]:
            verdict = f"refused by {_rule(each)}" if each["refused"] else _not_refused(each)
        yield _line(where, f"{each['what']} {each['value']}: {verdict}")
        where = ""
    if any(each["state"] == "refused" for each in told["cache"] or ()) and not told["heard"]:
        yield _line("", "of a refused answer only this is known; --ask tells all of it")


def _not_refused(lead: Lead) -> str:
    return f"not refused by {_rule(lead)} ({lead['note']})"


# ---- what would change it --------------------------------------------------------------------


def _change(change: Change) -> str:
    effect, items, where = _EFFECTS[change["effect"]], change["items"], change["where"]
    note = f" ({change['note']})" if change["note"] else ""
    if change["change"] == "none":
        return f"{effect}: {change['note']}"
    if change["change"] == "set":
        return f"{effect}, set {where} to {items[0]}{note}"
    quoted = ", ".join(f'"{item}"' for item in items)
    if change["change"] == "add":
        return f"{effect}, add to {where}: {quoted}{note}"
    return f"{effect}, remove from {where}: {quoted}{note}"


def _at_once(told: Explanation) -> Iterator[str]:
    """The commands that make such a change, or find such a rule by themselves, where one can be had
    for the name."""
    for change in told["changes"]:
        if command := change.get("command"):  # none by an older server
            yield f"`{command}` {_DOES[change['change']]}."
    for effect in ("allow", "block"):
        if any(_is_rule(each, effect) for each in told["changes"]):
            yield f"`sinkhole {effect} {told['name']}` does so in one step."


def _is_rule(change: Change, effect: str) -> bool:
    is_made = change["where"] == _RULES and change["change"] != "none"
    return is_made and change["effect"] == effect
