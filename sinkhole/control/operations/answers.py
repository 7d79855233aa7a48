"""What answers and verdicts look like in the output of operations."""

from __future__ import annotations

from pydantic import Field

from sinkhole.control.operations.operation import Output


class DnsRecord(Output):
    """A record as zone files write it."""

    name: str = Field(examples=["www.example.org"])
    type: str = Field(examples=["A"])
    ttl: int = Field(description="Seconds.")
    data: str = Field(examples=["192.0.2.1"])


class Reply(Output):
    """What a reply says."""

    rcode: str = Field(examples=["NOERROR"])
    records: list[DnsRecord]


class RulePlace(Output):
    """The rule that decided: its list, its line and its text; null where it is none."""

    list: str | None = Field(description="The list, or what stands for one, such as `own rules`.")
    line: int | None = Field(description="Its number in the list, from 1.")
    rule: str | None


class Rewrite(Output):
    """What a rule answers instead."""

    rcode: str
    answers: list[str] = Field(description="Data of the records.")
    type: str
