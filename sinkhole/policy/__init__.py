"""Who is asking and what applies: no I/O, no clock.

snapshot   the Policy: everything that decides, immutable; a change publishes a new one
access     who may ask, how often, and what rules can ask about an address (traits, tags)
clients    address -> Client: what of that holds for it, and its rate budgets
special    questions nobody gets a usual answer to: other classes, transfers, ANY
local      names of the house: records of any type, wildcards, reverse names, the hosts file
reserved   names nobody upstream may be asked about (RFC 6761 and its kin)
blocking   what a refused or rewritten name is answered with
rebinding  answers of strangers that lead into the house
bogus      addresses that stand for "there is no such name"
"""
