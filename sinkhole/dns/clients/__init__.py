"""Who is asking: no I/O, no clock.

tags      short names for what tells clients apart, in keys
budgets   how often somebody may do something, by whatever key
clients   address -> Client: whether it may ask, what applies to it, whose budget it spends
identity  the clients that the settings know by name: found by id, address, MAC, host name, network
standing  what applies to whom, for a Policy with several classes
"""
