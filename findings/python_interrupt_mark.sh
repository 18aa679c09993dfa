#!/usr/bin/env bash
# A program that has caught Ctrl-C and gone on dies of SIGINT at its own end, if Ctrl-C came while a text was run by exec().
#
# Version: CPython 3.11; seen in 3.12.1 and 3.13.0 too.
# Expected: a KeyboardInterrupt that is caught is over, as any other exception is: a program that comes to its end after it ends with 0.
# Happens: CPython notes an interrupt that leaves a text which exec() runs as one that nobody handled, and forgets that only when the next text
#     is run. At the end of the main script it kills the process by SIGINT because of the note: 130 in a shell, -2 in subprocess. The same code as
#     a function, or compiled before exec(), leaves no note. A script that ends by sys.exit() is gone before the note is read, and gives its own
#     number; the same program under `python -m` is not.
#     The standard library runs texts by exec() when a namedtuple or a dataclass is made, so any import is such a moment.
# Seen: function: 0; compiled: 0; text: -2; text, then another text: 0; text, then sys.exit(3): 3; the same under -m: -2
# eventlake: runs an empty text at its end, so that `python -m eventlake` says "Interrupted." and ends with 130 as the command does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 - <<'END'
import subprocess
import sys

WAYS = {
    "function": ("interrupted()", "", [], 0),
    "compiled": ("exec(compile('raise KeyboardInterrupt', 'text', 'exec'))", "", [], 0),
    "text": ("exec('raise KeyboardInterrupt')", "", [], -2),
    "text, then another text": ("exec('raise KeyboardInterrupt')", "exec('1')", [], 0),
    "text, then sys.exit(3)": ("exec('raise KeyboardInterrupt')", "import sys; sys.exit(3)", [], 3),
    "the same under -m": ("exec('raise KeyboardInterrupt')", "import sys; sys.exit(3)", ["-m"], -2),
}
for what, (run, after, options, expected) in WAYS.items():
    with open("program.py", "w") as file:
        file.write(
            "def interrupted():\n    raise KeyboardInterrupt\n\n"
            f"try:\n    {run}\nexcept KeyboardInterrupt:\n    print('caught')\n{after}\n"
        )
    name = "program" if options else "program.py"
    ended = subprocess.run([sys.executable, *options, name], capture_output=True, text=True)
    print(f"{what}: {ended.returncode}")
    assert (ended.stdout, ended.returncode) == ("caught\n", expected), ended
END
