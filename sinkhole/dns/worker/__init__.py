"""A DNS plane in a process of its own: what crosses the seam there goes as bytes.

worker    the process: fed and emptied over a `link` by the one that started it
plane     all that answers, by plain terms
policies  what decides, on its way in
records   what was answered, on its way out
state     how it does, and how several do together
kept      what answers it keeps, by name and as bytes
facts     what is known of addresses, by asking
"""
