"""Who decides what about a name: by settings and compiled lists, or by list files alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from sinkhole.cache.table import Table
from sinkhole.errors import SinkholeError, UpstreamError
from sinkhole.filter.explain import explain, explain_queries
from sinkhole.filter.match import Matcher
from sinkhole.filter.trie import CompiledList
from sinkhole.lists.library import OWN_RULES, Library
from sinkhole.parts import make_policy, ttl_limits
from sinkhole.pipeline import Pipeline
from sinkhole.reaction import TCP, Exchanged, Waiting
from sinkhole.record import RecordBuffer
from sinkhole.settings import Settings
from sinkhole.verdict import Outcome, Verdict
from sinkhole.wire.message import describe
from sinkhole.wire.name import from_text
from sinkhole.wire.numbers import type_number
from sinkhole.wire.query import render_query
from sinkhole.wire.question import Question


def about_queries(
    block_lists: Sequence[str], allow_lists: Sequence[str], queries: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """What list files decide about queries, one JSON object a line; see `explain_queries`."""
    return explain_queries(block_lists, allow_lists, queries)


def about_name(
    name: str,
    qtype_text: str,
    client: str | None,
    *,
    settings: Settings | None,
    files: tuple[Sequence[str], Sequence[str]],
) -> dict[str, Any]:
    """The decision about one name, by `settings`, or by block and allow list `files` without them.

    Keys: `name`, `type`, `verdict` (block, allow, none, rewrite), `rule`, `list`, `line`,
    `rewrite`, `opinions`; with settings also `client`, `outcome`, `detail`,
    `data_dir` and `lists`. Raises
    SinkholeError for what is no name, type or address.
    """
    if "://" in name:
        raise SinkholeError(f"{name!r} is a web address; ask about the name in it: {_host(name)}")
    try:
        qtype = type_number(qtype_text)
        if settings is None:
            lists = [CompiledList.from_file(Path(each), each, "allow") for each in files[1]]
            lists += [CompiledList.from_file(Path(each), each, "block") for each in files[0]]
            return explain(Matcher(lists), name, qtype)
        packed = ip_address(client or "127.0.0.1").packed
        library = Library(settings.filtering, settings.data_dir)
        library.load_now()
        matcher = Matcher(library.lists)
        told = explain(matcher, name, qtype)
        told |= _by_pipeline(settings, matcher, name, qtype, packed)
    except ValueError as error:
        raise SinkholeError(str(error)) from None
    told["client"] = client
    told["data_dir"] = str(settings.data_dir)
    told["lists"] = [
        {"name": each["name"], "state": each["state"], "names": each["names"]}
        for each in library.status()
    ]
    return told


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]


class _NoUpstreams:
    """Explaining asks nobody."""

    def ask(self, question: Question, tell: Callable[[Exchanged | UpstreamError], None]) -> None:
        raise UpstreamError("", "not asked")

    def is_loop_probe(self, question: Question) -> bool:
        return False


def _by_pipeline(
    settings: Settings, matcher: Matcher, name: str, qtype: int, packed: bytes
) -> dict[str, Any]:
    """What the server's own pipeline does with this question, short of asking an upstream."""
    buffer = RecordBuffer()
    pipeline = Pipeline(
        policy=make_policy(settings, matcher, generation=1),
        table=Table(1 << 20),
        upstreams=_NoUpstreams(),
        buffer=buffer,
        limits=ttl_limits(settings),
    )
    query = render_query(Question(from_text(name), qtype), query_id=1)
    reaction = pipeline.answer_now(query, pipeline.clients.of(packed), TCP, now=0.0)
    if isinstance(reaction, Waiting):
        return {"outcome": "forwarded", "detail": ""}
    pipeline.close_batch(0.0)
    verdict = _recorded(buffer)
    told = {"outcome": verdict.outcome.name.lower(), "detail": verdict.detail}
    if verdict.outcome is Outcome.LOCAL and isinstance(reaction, bytes):
        rcode, answers = describe(reaction)
        told |= _instead(verdict, rcode, answers)
    return told


def _recorded(buffer: RecordBuffer) -> Verdict:
    """The verdict in the log; the name that health checks ask for leaves no record."""
    for batch in buffer.drain(1):
        for report, _ in batch.records:
            return report.verdict
    return Verdict(Outcome.LOCAL, detail="health check")


def _instead(verdict: Verdict, rcode: str, answers: list[str]) -> dict[str, Any]:
    return {
        "verdict": "rewrite",
        "list": verdict.cause.list_name or None,
        "line": None,
        "rule": None,
        "rewrite": {"rcode": rcode, "answers": answers},
    }


def in_words(told: dict[str, Any]) -> str:
    """The explanation for people."""
    lines = [f"{told['name']} {told['type']}: {_headline(told)}"]
    lines += [
        f"  {each['list']}, line {each['line']}: {each['rule']}"
        f"  ({'allows' if each['allowed'] else 'blocks'})"
        for each in told["opinions"]
    ]
    if told["verdict"] == "block":
        lines.append(_way_out(told))
    lists = told.get("lists", ())
    missing = [each["name"] for each in lists if each["state"] in ("missing", "failed")]
    if missing:
        where = told["data_dir"]
        lines.append(f"Not compiled yet in {where}, so not asked: {', '.join(missing)}")
    return "\n".join(lines)


def _way_out(told: dict[str, Any]) -> str:
    """How to allow a name that is blocked."""
    if told["list"] == OWN_RULES:
        return f"To allow it, remove that rule from filtering.rules: {told['rule']}"
    is_important = any(each["important"] for each in told["opinions"] if not each["allowed"])
    stronger = "$important" if is_important else ""
    return f'To allow it, add to filtering.rules: "@@||{told["name"].rstrip(".")}^{stronger}"'


def _headline(told: dict[str, Any]) -> str:
    if told["verdict"] == "rewrite":
        answers = "; ".join(told["rewrite"]["answers"]) or f"no records, {told['rewrite']['rcode']}"
        return f"answered here by {told['list'] or told['detail']}: {answers}"
    if told.get("outcome") == "refused":
        return f"refused: {told['detail']}"
    if told["verdict"] == "block":
        return f"blocked by {told['list']}, line {told['line']}: {told['rule']}"
    if told["verdict"] == "allow":
        return f"allowed by {told['list']}, line {told['line']}: {told['rule']}"
    return "not on any list; forwarded (a name that the answer leads to may still be blocked)"
