"""The devices of the house: who has which address, what they are called, since when they are here.

devices        all of it together: between `start` and `close`
facts          MACs and names by address; what the DNS plane looks up
book           whoever asked lately; book_file: its file
gateways       addresses behind which there are many devices
neighbours     the kernel's tables of neighbours, as they change
leases         what DHCP servers write down; file_names: where, and when it is read again
asked_names    names that are asked for: when, and how many at once
mdns           asking a device itself
house_addresses   which addresses are those of the house, who its router is
makers         who made a device, by its MAC
"""
