"""Records as text, as in zone files: for people and settings, never on the way of a query.

rdata      the data of records between text and wire form
svcparams  the parameters of HTTPS and SVCB records
tokens     quoted strings and escapes
message    replies as text, by dnslib
"""
