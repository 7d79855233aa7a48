"""What this machine is like for others: its addresses, and who has the ports that DNS needs.

Everything is read from the kernel, blocks, and takes no right that a server lacks: for a thread.
"""
