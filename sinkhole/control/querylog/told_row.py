"""A query as the row that it would be in the log, for those who are told of it as it happens."""

from __future__ import annotations

from sinkhole.control.querylog.answers import stored_answer
from sinkhole.control.querylog.dictionary import account_key
from sinkhole.control.querylog.logged_query import LoggedRow
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.dns.wire.name import to_text
from sinkhole.model.record import Report, Who


def told_row(report: Report, who: Who, rules: RuleTexts, terms: LogTerms) -> LoggedRow:
    """What may be told of a query; id, time, transport and the number of the list are all 0.

    `rules` must have learned the rule that decided. Whether anything at all may be told is for
    `Privacy.tells` to say.
    """
    cause, named = report.verdict.cause, terms.privacy.has_names and who.telling.names
    qtype, rcode, outcome, _, line, rule, _, _, hop, upstream, detail = account_key(
        report, 0, rules.of(cause), named=named
    )
    has_answers = terms.answers and named
    client, device, group = terms.privacy.asker(who)
    return LoggedRow(
        id=0,
        client=client,
        name=to_text(report.name) if report.qtype and named else "",
        qtype=qtype,
        outcome=outcome,
        rcode=rcode,
        list=cause.list_name,
        line=line,
        rule=rule,
        hop=hop,
        upstream=upstream,
        group=group,
        detail=detail,
        duration_us=0,
        transport=0,
        list_id=0,
        node="",
        given=stored_answer(report.answered) if has_answers and report.answered else None,
        original=stored_answer(report.refused) if has_answers and report.refused else None,
        device=device,
    )
