"""Asking someone else: forwarding questions to the resolvers of the settings.

forwarder    the room's door: who waits for what, one flight per upstream set and question
flights      whom a flight asks next, and what is made of what comes back
flight       one question underway: its attempts, who waits for it, and why it failed
sets         which servers stand in for each other, in two tiers
strategies   which of them is asked first
shares       places that are bounded: who holds how many, and who gives way when all are taken
health       one server: how fast, whether up
prober       finds out when a server is back, and whether it sends our questions back to us
probe_names  how a probe is known by all who have the secret, and what proves that it came back
entropy      the random bytes that ids, ports and letter case are made of
links        how a question travels, a file for each transport

A flight asks one server first, asks the next one when the first is slow, and takes the first
usable answer. Nothing here raises anything but UpstreamError.
"""
