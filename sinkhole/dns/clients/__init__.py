"""Who is asking: no I/O, no clock.

access    who may ask and how often; `Tags`: short names for sets of traits, in keys
clients   address -> Client: whether it may ask, its traits, and its rate budgets
identity  the clients that the settings know by name, found by address
"""
