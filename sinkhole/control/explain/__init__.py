"""Who decides what about a question, why, and what would change it.

explanation    `explain`: all of it together
explainer      `Explainer`: the same of a running server; questions read, texts of rules added
inquiry        a question, who asks it, and all that decides; and what would be decided instead
opinions       what each matching rule says, and why it does not decide
stages         what the stages of the pipeline say, one by one
cached         what the table holds for this client
targets        where an answer leads, each target and address with who refuses it
records        a reply's records for people
changes        what would change the outcome, each tried before it is told:
  by_rules       rules to add and to take out
  by_settings    settings to change
  by_layers      the same where a group, a client or a schedule decides
audience       by which rules each client of the log goes
trial, effect  rules on trial, on a question and on the log
altered_rules  the rules as they would be, for trying
severity       how much a rule does to a name: nothing, another answer, or a refusal
rule_search    which rule would change what the lists say
policy_trial   other settings beside those in force, and where that comes to something else
policy_effect  what they would have changed of what each client asked; `tried_queries` read that
turns          work in a thread that leaves others their turns
asking         asking as a client would, with what became of it
kept_answers   what the table holds about names, and forgetting it

Reads only, but for `kept_answers`, and nothing of it is on the way of a query. The server does the
matching in its event loop, where no list can be closed meanwhile, in a few milliseconds; texts of
rules are read from the disk in a thread.
"""

from sinkhole.control.explain.explainer import Explainer, add_texts, complete, read_question
from sinkhole.control.explain.explanation import explain
from sinkhole.control.explain.inquiry import Inquiry

__all__ = ["Explainer", "Inquiry", "add_texts", "complete", "explain", "read_question"]
