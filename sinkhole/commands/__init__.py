"""What the commands do; `cli` reads the command line and calls these.

check    whether the settings make sense beyond their shape
run      the server, from start to signal
explain  who decides what about a name
words    the same in words
lists    status, update and compile of lists
ask      questions to the running server: statistics, explanations, health
"""
