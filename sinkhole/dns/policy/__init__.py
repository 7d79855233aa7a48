"""What applies: no I/O, no clock, no calendar.

snapshot           the Policy: everything that decides, immutable; a change publishes a new one
special_use        special questions (other classes, transfers, ANY), and special-use names
local              names of the house: records of any type, wildcards, reverse names, hosts file
blocking           what a refused or rewritten name is answered with
routes             names that go to other upstreams than the usual ones
dns64              IPv6 addresses for names that have IPv4 addresses only
client_subnet      what upstreams are told of where a client is
designated         how clients find the encrypted DNS of this server
refused_addresses  answers that lead into the house (DNS rebinding), and bogus addresses
"""
