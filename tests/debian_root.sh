#!/usr/bin/env bash
# What somebody sees who has a bare Debian 12 and two commands: makes such a root (python3, python3-pip, ca-certificates and nothing else),
# clones the last commit into it, and runs each ARGUMENT there as a line after `./run`, with the seconds it took.
# Needs root and debootstrap. PIP_* variables, the files they name and proxies are passed on, nothing else of this machine is.
#
#   tests/debian_root.sh                         the demo twice, then a few tests
#   tests/debian_root.sh --version               one line
#   ROOT=/var/tmp/bare tests/debian_root.sh ...  keeps the root there, to begin from the next time
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
root=${ROOT:-$(mktemp -d)}
lines=("$@")
((${#lines[@]})) || lines=("demo --no-serve" "demo --no-serve" "test tests/test_layout.py")

clean_up() {
    umount "$root/proc" 2>/dev/null || true
    [[ -n ${ROOT:-} ]] || rm -rf --one-file-system "$root"
}
trap clean_up EXIT

. "$here/tests/debian.bash"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc" 2>/dev/null || echo "No /proc in the root: it could not be mounted."
rm -rf "$root/eventlake" "$root/root/.cache"
git clone --quiet "$here" "$root/eventlake"

for line in "${lines[@]}"; do
    echo "== ./run $line"
    begun=$EPOCHREALTIME
    code=0
    # shellcheck disable=SC2086  a line is several words
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${settings[@]}" /bin/sh -c "cd /eventlake && ./run $line" || code=$?
    awk -v a="$begun" -v b="$EPOCHREALTIME" -v c="$code" 'BEGIN { printf "== %.1f s, exit code %d\n", b - a, c }'
    ((code == 0)) || exit "$code"
done
