"""Asking as a client would, with the answer and why it is this one."""

from __future__ import annotations

from pydantic import Field

from sinkhole.control.operations.answers import DnsRecord, RulePlace
from sinkhole.control.operations.asker import address_of
from sinkhole.control.operations.explain import Question
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Output, operation
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.operations.underway import MOST_QUERIES
from sinkhole.model.actor import Actor, Permission


class ExtendedError(Output):
    """An extended error of the reply (RFC 8914)."""

    code: int
    text: str


class Answered(RulePlace):
    """What a client that asks is answered, and who decided that."""

    name: str
    type: str
    client: str = Field(description="The address that was asked for.")
    outcome: str = Field(description="What became of it, as the log says it.", examples=["cached"])
    allowed: bool = Field(description="Whether an exception or an allow list named it.")
    rcode: str = Field(examples=["NOERROR"])
    records: list[DnsRecord]
    hop: str = Field(description="What in the answer decided: a name or an address.")
    upstream: str = Field(description="The server that answered.")
    detail: str
    duration_ms: float
    extended_errors: list[ExtendedError]


@operation("query.ask", Permission.LOG_READ)
async def ask(house: House, actor: Actor, given: Question) -> Answered:
    """Ask for a name as a client would: the answer, what became of it, and who decided.

    The answer is kept like any other, and an upstream may be asked. The log and the statistics say
    nothing of it: they are about what devices ask.
    """
    client = address_of(house, given.client)
    refused = refusal(
        "too_many", "too_many_underway", f"{MOST_QUERIES} questions are being asked already"
    )
    with house.underway.one_of(MOST_QUERIES, "query.ask", refused), understood("question_invalid"):
        told = await house.resolve(given.name, given.type, client)
    errors = [{"code": code, "text": text} for code, text in told["extended_errors"]]
    return Answered.model_validate({**told, "extended_errors": errors})
