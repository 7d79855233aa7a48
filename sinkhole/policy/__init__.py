"""Who is asking and what applies: no I/O, no clock.

snapshot   the Policy: everything that decides, immutable; a change publishes a new one
clients    address -> Client: may it ask, how often, which group
blocking   what a refused name is answered with
local      names of the house: local records, their wildcards and their reverse names
reserved   names nobody upstream may be asked about (RFC 6761 and its kin)
"""
