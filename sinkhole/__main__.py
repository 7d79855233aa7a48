"""`python -m sinkhole`: the same as the command `sinkhole`."""

from sinkhole.cli import main

main()
