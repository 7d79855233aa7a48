"""Who is asking: no I/O, no clock.

access    who may ask, how often, and what rules can ask about an address (traits, tags)
clients   address -> Client: what of that holds for it, and its rate budgets
identity  the clients of the settings, found by address
"""
