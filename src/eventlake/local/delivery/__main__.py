"""`python -m eventlake.local.delivery`: the process that delivers, deaf to Ctrl-C before it loads what it needs for its work."""

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the process, and end it with its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the bus tells this process when to stop
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    from eventlake.local.delivery.process import main as run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
