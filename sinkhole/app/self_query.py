"""Asking ourselves: does the DNS plane answer what is asked of it?"""

from __future__ import annotations

import time
from typing import Final

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.channel import UDP
from sinkhole.dns.pipeline.decide_question import HEALTH_NAME
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.question import Question
from sinkhole.model.record import Who

_LOOPBACK: Final = bytes((127, 0, 0, 1))


class SelfQuery:
    """Asks what health checks ask, which is answered without anybody else, and not recorded.

    As a client who may ask whatever the settings say, and is no client of the household.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._wire = render_query(Question(HEALTH_NAME, Type.A), 0, edns=False)
        self._client = Client(_LOOPBACK, Who("127.0.0.1"), _LOOPBACK, GroupPolicy())
        self._client.allowed, self._client.gated = True, False

    def is_answered(self) -> bool:
        """Whether a reply comes; a bug is none. 20 µs."""
        now = time.monotonic()
        try:
            reply = self._pipeline.answer_now(self._wire, self._client, UDP, now)
        except Exception as error:
            self._pipeline.bugs.meet(error)
            return False
        return isinstance(reply, bytes)
