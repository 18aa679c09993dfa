"""`python -m eventlake`, and the command `eventlake`: the command line, also for who is quicker with Ctrl-C than Python with its modules."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command that was typed, and end the process with its exit code."""
    try:
        from eventlake.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    try:
        main()
    finally:
        # CPython 3.11 to 3.13 remember a Ctrl-C that left a text run by exec(), caught or not, and end `python -m` by SIGINT for it; the
        # standard library runs such texts while modules load. The next text makes them forget.
        exec("")
