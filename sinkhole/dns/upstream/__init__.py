"""Asking someone else: forwarding questions to the resolvers of the settings.

forwarder    the room's door: one flight per question, who is asked when, what a reply is worth
flight       one question underway: its attempts, who waits for it, and why it failed
shares       places that are bounded: who holds how many, and who gives way when all are taken
health       one server: how fast, whether up
ability      what a server cannot do (EDNS, our letter case), and what proves it
prober       finds out when a server is back, and whether it sends our questions back to us
datagrams    UDP: a fresh connected socket on a random port for every query
entropy      the random bytes that ids, ports and letter case are made of
tcp          TCP: for answers that do not fit, and where somebody seems to forge

A flight asks the quickest server first, asks the next one when the first is slow, and takes the
first usable answer. Nothing here raises anything but UpstreamError.
"""
