"""The whole story of a question: what each stage says, what is kept, what would change it.

inquiry      a question, who asks it, and all that decides; and what would be decided instead
stages     the stages of the pipeline, one by one
records    a reply's records for people
cached     what the table holds for this client
leads      where an answer leads, each target and address with who refuses it
changes    what would change the outcome, each tried before it is told
by_rules   of these, rules to add and to take out
by_settings   of these, settings to change
telling    `tell`: all of it together
teller     `Explainer`: the same of a running server

Reads only, and nothing of it is on the way of a query. The server does the matching in its event
loop, where no list can be closed meanwhile, in a few milliseconds; texts of rules are read from
the disk in a thread.
"""

from sinkhole.control.explain.explainer import Explainer, about_lists, add_texts, read_question
from sinkhole.control.explain.explanation import tell
from sinkhole.control.explain.inquiry import Inquiry

__all__ = ["Explainer", "Inquiry", "about_lists", "add_texts", "read_question", "tell"]
