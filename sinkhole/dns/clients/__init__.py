"""Who is asking: no I/O, no clock.

access    who may ask and how often; `Tags`: short names for sets of traits, in keys
budgets   how often somebody may do something, by whatever key
clients   address -> Client: whether it may ask, its traits, and whose budgets it spends
identity  the clients that the settings know by name, found by address
"""
