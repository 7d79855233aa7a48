"""How the server does, at a glance."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Nothing, Output, operation
from sinkhole.control.operations.protection import ProtectionStatus, status_of
from sinkhole.control.operations.server import DrainStatus, drain_status
from sinkhole.model.actor import Actor, Permission


class ProblemInfo(Output):
    """Something that a person should know."""

    code: str = Field(description="For programs; it never changes.", examples=["state.read_only"])
    severity: Literal["notice", "warning", "error"]
    text: str
    advice: str = Field(description="What to do about it.")
    is_in_text: bool = Field(description="Whether the text says it already, for this very case.")


class CertificateInfo(Output):
    """The certificate that encrypted listeners show."""

    names: list[str]
    issuer: str
    expires: float = Field(description="In seconds since 1970.")
    days_left: int = Field(description="Below 0 where it has expired.")


class CacheBrief(Output):
    """How full the cache is."""

    entries: int
    size_bytes: int
    limit_bytes: int


class LogBrief(Output):
    """How the query log does."""

    enabled: bool
    waiting: int = Field(description="Queries that are not written yet.")
    dropped: int = Field(description="Queries since the start that never will be.")
    rows: int
    size_bytes: int
    error: str | None = Field(description="What keeps it from being written.")


class ShippingBrief(Output):
    """How copies of the log get to one target."""

    to: Literal["file", "stdout", "syslog", "dnstap"]
    target: str = Field(examples=["udp://192.0.2.7:514"])
    waiting: int = Field(description="Queries that wait to be sent.")
    sent: int = Field(description="Queries sent since the start, to all targets of this kind.")
    dropped: int = Field(description="Of those, how many never will be.")
    error: str | None = Field(description="What keeps them from being sent.")


class UpstreamBrief(Output):
    """Whether a server is up."""

    name: str
    up: bool
    rtt_ms: float | None


class Status(Output):
    """How the server does."""

    version: str
    started: float = Field(description="In seconds since 1970.")
    uptime_s: float
    health: Literal["ok", "degraded", "failing"]
    reasons: list[str] = Field(description="Why it does no better.")
    ready: bool = Field(description="Whether it is to be asked, as /readyz says it.")
    waits: list[str] = Field(description="Why it is not to be asked.")
    drain: DrainStatus
    protection: ProtectionStatus
    listen: list[str] = Field(description="Where DNS is answered.", examples=[["0.0.0.0:53"]])
    encrypted: list[str] = Field(description="Where encrypted DNS is, and by which transport.")
    web: str = Field(description="Address of the page.")
    lists: int = Field(description="Lists in use.")
    names: int = Field(description="Names that they hold together.")
    upstreams: list[UpstreamBrief]
    cache: CacheBrief
    certificate: CertificateInfo | None
    log: LogBrief | None = Field(description="null until the log is open.")
    shipping: list[ShippingBrief] = Field(description="To whom copies of the log go.")
    losses: dict[str, int] = Field(
        description="What was given up at a bound, counted since the start."
    )
    problems: list[ProblemInfo]


@operation("status.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> Status:
    """Show how the server does: health, problems, upstreams, lists, cache and log."""
    told, health, waits = house.status(), house.health(), house.ready()
    return Status.model_validate(
        {
            **told,
            "health": health.state,
            "reasons": list(health.reasons),
            "ready": not waits,
            "waits": waits,
            "drain": drain_status(house),
            "protection": status_of(house),
            "lists": sum(each["state"] == "ready" for each in told["lists"]),
            "problems": problems_of(house),
        }
    )


def problems_of(house: House) -> list[ProblemInfo]:
    """What a person should know, the gravest first."""
    order = ("error", "warning", "notice")
    found = sorted(house.problems(), key=lambda each: order.index(each.severity))
    return [ProblemInfo.model_validate(each._asdict()) for each in found]
