"""`python -m eventlake`: the command line."""

from eventlake.cli import main

main()
