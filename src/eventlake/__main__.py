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
    main()
