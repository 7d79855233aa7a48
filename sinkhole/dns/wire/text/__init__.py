"""Records as text, as in zone files: for people and settings, never on the way of a query.

tokens     quoted strings and escapes: the text of a record taken apart
svcparams  the parameters of HTTPS and SVCB records, as tokens and on the wire
rdata      the data of a record, as text and on the wire: what rewrites and local names answer
message    a whole reply as text, by dnslib
"""
