"""The query log: searched, a row in full, exported, a view that is frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationError

from sinkhole.control.operations.answers import DnsRecord, RulePlace
from sinkhole.control.operations.house import House
from sinkhole.control.operations.nodes import meant_node
from sinkhole.control.operations.operation import Download, Input, Output, operation
from sinkhole.control.operations.refusals import refusal, understood, with_log
from sinkhole.control.pairing.reading import is_other, read_there
from sinkhole.control.querylog.export import MEDIA_TYPES
from sinkhole.control.querylog.history import MOST_ROWS
from sinkhole.control.querylog.logged_query import LoggedQuery
from sinkhole.control.querylog.sought import MOST_TEXT, MOST_VALUES, Sought, SoughtName, moment
from sinkhole.control.querylog.views import thaw
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import StorageError


class RowFilter(Input):
    """What rows are looked for: those that meet all of these; of several values of one, any."""

    since: str | None = Field(
        default=None,
        max_length=40,
        description="From this moment on: ISO 8601, by the clock of the server where no time zone "
        "is given, or seconds since 1970.",
        examples=["2030-01-31T21:30:00Z", "1911936600"],
    )
    until: str | None = Field(default=None, max_length=40, description="Before this moment.")
    text: str = Field(
        default="",
        max_length=MOST_TEXT,
        description="Any part of a name or a client, as stored or as people read them.",
        examples=["münchen", "tablet"],
    )
    names: list[str] = Field(
        default=[], max_length=MOST_VALUES, description="Names; `name_match` says how they match."
    )
    name_match: Literal["part", "exact", "below"] = Field(
        default="part", description="Any part of a name, a whole one, or it and all below it."
    )
    clients: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="Addresses, ids, MACs, or parts of what the settings call them: each stands "
        "for all that its device has asked, where the MAC is known. Or networks.",
        examples=[["192.0.2.7", "Kids tablet"]],
    )
    groups: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="Groups that the clients were in when they asked.",
        examples=[["kids"]],
    )
    devices: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="Devices by their MACs, whatever addresses they had; or by an address or id "
        "that they had last.",
        examples=[["02:00:5e:10:00:01"]],
    )
    lists: list[str] = Field(
        default=[], max_length=MOST_VALUES, description="Names of lists that decided."
    )
    upstreams: list[str] = Field(
        default=[], max_length=MOST_VALUES, description="Servers that answered."
    )
    transports: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="How the query came: udp, tcp, tls, https, h3, quic.",
        examples=[["tls"]],
    )
    rcodes: list[str] = Field(
        default=[], max_length=MOST_VALUES, examples=[["NXDOMAIN", "SERVFAIL"]]
    )
    verdicts: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="blocked, allowed (all that is not blocked), cached, forwarded, local, failed, "
        "refused, or an outcome.",
        examples=[["blocked"]],
    )
    types: list[str] = Field(default=[], max_length=MOST_VALUES, examples=[["A", "HTTPS"]])
    nodes: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="Sinkholes that answered, of those that share a database; or the other one of "
        "a pair alone, which is then asked for its log.",
        examples=[["attic"]],
    )
    answers: list[str] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="Addresses, or networks of /16 and smaller, that are in the answer: the one "
        "given, or the one of an upstream that was refused. They are in no index: a rare one in a "
        "long log takes more than one page.",
        examples=[["192.0.2.7"]],
    )

    def sought(self) -> Sought:
        """The same as the log takes it; ValueError for what is not understood."""
        return Sought(
            from_s=None if self.since is None else moment(self.since),
            to_s=None if self.until is None else moment(self.until),
            text=self.text.strip(),
            names=tuple(SoughtName(each, self.name_match) for each in self.names),
            clients=tuple(self.clients),
            groups=tuple(self.groups),
            devices=tuple(self.devices),
            lists=tuple(self.lists),
            upstreams=tuple(self.upstreams),
            transports=tuple(self.transports),
            rcodes=tuple(self.rcodes),
            verdicts=tuple(self.verdicts),
            types=tuple(self.types),
            nodes=tuple(self.nodes),
            answers=tuple(self.answers),
        )


class LogFilter(RowFilter):
    """The same for rows that are there already. A `view` says all of it, and is given alone."""

    view: str | None = Field(
        default=None, max_length=100_000, description="A view that was frozen by `log.freeze`."
    )

    def sought(self) -> Sought:
        """The same as the log takes it; ValueError for what is not understood."""
        if self.view is None:
            return super().sought()
        if self.model_fields_set & (LogFilter.model_fields.keys() - {"view"}):
            raise ValueError("a view says by itself what is looked for: give it alone")
        return thaw(self.view)


class LogSearch(LogFilter):
    """What rows are looked for, and which page of them."""

    limit: int = Field(default=100, ge=1, le=MOST_ROWS, description="The most rows of the page.")
    cursor: str | None = Field(
        default=None, max_length=40, description="The `next` of the page before this one."
    )


class LoggedAnswer(Output):
    """The records of an answer."""

    records: list[DnsRecord]
    cut_bytes: int = Field(description="How much of it was too long to be kept.")


class LogRow(RulePlace):
    """One answered query."""

    id: str
    time: float = Field(description="In seconds since 1970.")
    client: str = Field(description="An address, or what the client called itself.")
    client_name: str = Field(description='What the settings call it, "" for one not known.')
    device: str = Field(description='Its MAC when it asked, "" where that was not known.')
    name: str
    name_unicode: str = Field(description="The name as people read it.")
    type: str = Field(examples=["A"])
    outcome: str = Field(examples=["blocked"])
    blocked: bool
    rcode: str
    hop: str = Field(description="What in the answer decided: a name or an address.")
    upstream: str = Field(description="The server that answered.")
    group: str = Field(description='The group it was in then; "" where nothing is told of it.')
    detail: str
    duration_ms: float
    transport: str = Field(examples=["udp"])
    list_id: int = Field(
        description="The log's own number of the list, which stays when it is renamed; 0 for none."
    )
    node: str = Field(description='Who answered; "" is this very server.')
    answer: LoggedAnswer | None = Field(
        description="What was answered; null where that is not kept (`query_log.answers`)."
    )
    original_answer: LoggedAnswer | None = Field(
        description="What an upstream had said, where that was refused."
    )

    @classmethod
    def of(cls, row: LoggedQuery) -> LogRow:
        """A row as the log gives it."""
        return cls.model_validate(
            {
                "client_name": "",
                "name_unicode": row["name"],
                **row,
                "list": row["list"] or None,
                "line": row["line"] or None,
                "rule": row["rule"] if row["line"] else row["rule"] or None,
            }
        )


class LogPage(Output):
    """Rows, the newest first."""

    rows: list[LogRow]
    next: str | None = Field(description="The cursor of the page after it; null for the last one.")
    looked_back_to: float | None = Field(
        description="Down to which time all was looked at, in seconds since 1970, where the page "
        "ends because that took too long; null otherwise."
    )


class LogRowId(Input):
    """Which row."""

    id: int = Field(ge=0, lt=1 << 62)


class LogExport(LogFilter):
    """What rows to export, and how."""

    format: Literal["csv", "jsonl"] = Field(
        default="csv", description="CSV (RFC 4180), or JSON, a row a line."
    )


class FrozenView(Output):
    """A text by which the same rows are found later."""

    view: str


async def sought_by(house: House, given: RowFilter) -> Sought:
    """What a filter looks for, in the log that can be read now; ValueError for what is not
    understood, RequestError or StorageError for nodes of which nothing can be told."""
    sought = given.sought()
    if not sought.nodes:
        return sought
    meant = [await meant_node(house, each) for each in sought.nodes]
    return replace(sought, nodes=() if "" in meant else tuple(meant))


@operation("log.search", Permission.LOG_READ)
async def search(house: House, actor: Actor, given: LogSearch) -> LogPage:
    """Find queries, the newest first, a page at a time.

    Pages don't shift while rows are added. A search that takes too long ends with what was found,
    and says how far back it looked; the next page goes on from there.
    """
    if len(given.nodes) == 1 and _is_of_other(house, given.nodes[0]):
        return await _searched_there(house, given)
    history = house.query_log().history
    with understood("search_invalid"), with_log():
        sought = await sought_by(house, given)
        page = await history.search(sought, limit=given.limit, cursor=given.cursor)
    return LogPage(
        rows=[LogRow.of(each) for each in page["queries"]],
        next=page["next"],
        looked_back_to=page["looked_back_to"],
    )


def _is_of_other(house: House, name: str) -> bool:
    """Whether a name is that of the other one of a pair, and not of this one as well."""
    return house.is_serving and name != house.nodes.name and is_other(house.pairing(), name)


async def _searched_there(house: House, given: LogSearch) -> LogPage:
    """The same page of the log of the other one, which has it by its own numbers."""
    asked = given.model_dump(mode="json", exclude_defaults=True, exclude={"nodes"})
    with with_log():
        told = await read_there(house.pairing(), "/log/search", asked)
        try:
            page = LogPage.model_validate(told)
        except ValidationError:
            text = f"what {given.nodes[0]!r} has told can't be read"
            raise StorageError(text) from None
    rows = [each.model_copy(update={"node": given.nodes[0]}) for each in page.rows]
    return page.model_copy(update={"rows": rows})


@operation("log.show", Permission.LOG_READ)
async def show(house: House, actor: Actor, given: LogRowId) -> LogRow:
    """Show all about one row."""
    with with_log():
        row = await house.query_log().history.row(given.id)
    if row is None:
        raise refusal("not_found", "row_unknown", f"the log has no row {given.id}, or no longer")
    return LogRow.of(row)


@operation("log.freeze", Permission.LOG_READ)
async def freeze(house: House, actor: Actor, given: LogFilter) -> FrozenView:
    """Freeze a view: a text for a link, by which the same rows are found later.

    None that are new, and the same clients and lists whatever they are called then; rows that are
    deleted by then are gone there, too.
    """
    with understood("search_invalid"), with_log():
        return FrozenView(
            view=await house.query_log().history.freeze(await sought_by(house, given))
        )


@operation("log.export", Permission.LOG_READ)
async def export(house: House, actor: Actor, given: LogExport) -> Download:
    """Export all rows that are found and there now, the newest first, as CSV or JSON lines."""
    history = house.query_log().history
    with understood("search_invalid"), with_log():
        sought = await sought_by(house, given)
        await history.search(sought, limit=1)  # what is wrong shows before a file is begun
    today = datetime.now().strftime("%Y-%m-%d")
    return Download(
        media_type=MEDIA_TYPES[given.format],
        file_name=f"sinkhole-log-{today}.{given.format}",
        chunks=history.export(sought, given.format),
    )
