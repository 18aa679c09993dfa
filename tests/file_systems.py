"""Runs the tests of what a lake promises of its storage on file systems of their own, each in an image.

    sudo python tests/file_systems.py
    sudo python tests/file_systems.py --file-system xfs --only "small disks"

The image is mounted through a loop device, so it takes root and the file system's own `mkfs`; the temporary folders of the tests lie there, and
their small disks are images of the same file system. Ends with 1 if a test fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from disks import MAKE, Disk
from project import ROOT

PROMISES = {
    "recovery destroys nothing": [
        "local/delivery/test_recovery.py",
        "local/test_crash_points.py",
        "backends/test_catalog.py::test_registering_an_object_again_changes_nothing",
    ],
    "the catalog can be made anew": ["local/test_rebuilding.py", "local/test_upgrade.py", "local/test_recorded_lakes.py"],
    "one event cannot stop the lake": ["local/delivery/test_budget.py"],
    "only what is readable is written": ["backends/test_line_check.py", "local/delivery/test_checked.py"],
    "damage costs what it damages": ["local/test_spool_damage.py", "local/test_flips.py", "local/spool/test_spool.py"],
    "hours are closed": ["local/closing/test_closer.py", "local/closing/test_late.py", "local/closing/test_promises.py"],
    "a query looks at its hours": ["query/test_reading.py", "backends/test_catalog.py::test_an_hour_counts_its_objects"],
    "who is silent keeps nobody waiting": [
        "local/bus/test_connections.py::test_honest_senders_are_answered_beside_those_of_whom_nothing_comes",
        "local/bus/test_connections.py::test_connections_leave_files_for_the_lake",
    ],
    "delivery goes on": ["local/delivery/test_courier.py", "local/test_few_files.py"],
    "health is true": [
        "local/bus/test_bus.py::test_health_fails_where_somebody_must_act",
        "local/test_running.py",
        "local/test_lost_disk.py",
        "cli/test_commands.py::test_a_bus_that_could_not_deliver_says_so_by_its_exit_code",
    ],
    "readers that cannot write read all": [
        "backends/test_sqlite_file.py",
        "backends/test_catalog.py::test_a_copy_with_its_wal_is_read_whole_where_nothing_can_be_written",
        "backends/test_catalog.py::test_a_replaced_file_is_noticed_by_its_readers",
    ],
    "small disks": ["local/test_full_disk.py::test_a_small_disk_makes_room_for_more_by_delivering", "backends/test_disk.py"],
    "one writes at a time": ["local/test_fencing.py", "local/test_lock.py", "local/test_joining.py"],
    "headers are bounded": ["local/bus/test_bus.py::test_headers_are_bounded_before_the_token_is_looked_at"],
    "one bad line costs no other": [
        "cli/test_send.py",
        "local/bus/test_bus.py::test_what_is_no_event_is_kept_as_it_came_and_its_neighbours_are_stored",
    ],
    "nobody waits for another's work": [
        "local/bus/test_bus.py::test_a_compressed_request_is_read_beside_a_large_one",
        "local/bus/test_bus.py::test_one_sender_leaves_room_for_its_neighbours",
        "local/bus/test_bus.py::test_rejects_beyond_the_limit_cost_no_work",
    ],
    "failed records are found by id": [
        "local/test_redriving.py",
        "backends/test_catalog.py::test_no_failed_record_is_dropped_for_another_of_its_id",
    ],
    "a full disk": [
        "local/test_full_disk.py",
        "local/bus/test_bus.py::test_the_reserve_of_the_disk_is_left_to_delivery",
        "backends/test_catalog.py::test_a_full_disk_is_told_and_passes",
    ],
    "every error is a sentence": ["local/delivery/test_pump.py", "local/bus/test_bus.py::test_what_the_disk_refuses_is_never_200"],
    "names are durable": ["local/test_power.py", "backends/test_store.py"],
    "few objects": ["local/test_backfilling.py", "local/delivery/test_pump.py"],
}
"""The tests of each, below tests/; what never comes near a disk is not among them."""


def wrong_on(file_system: str, tests: list[str], given: list[str]) -> bool:
    """Run tests on a file system; whether one fails."""
    with tempfile.TemporaryDirectory(prefix="file-systems-") as name:
        disk = Disk(Path(name), file_system, size_bytes=3 << 30)
        disk.make()
        try:
            environment = {**os.environ, "EVENTLAKE_TEST_FILE_SYSTEM": file_system, "TMPDIR": str(disk.place)}
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not aws and not java and not browser"]
            command += ["--basetemp", str(disk.place / "tests"), *given, *tests]
            return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0
        finally:
            disk.unmount()


def main() -> int:
    """Run them on each; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file-system", choices=sorted(MAKE), action="append", help="several are allowed; default: all")
    parser.add_argument("--only", choices=list(PROMISES), action="append", metavar="PROMISE", help=f"one of: {', '.join(PROMISES)}")
    options, given = parser.parse_known_args()
    tests = sorted({f"tests/{test}" for promise in options.only or PROMISES for test in PROMISES[promise]})
    wrong = []
    for file_system in options.file_system or sorted(MAKE):
        print(f"== {file_system}", flush=True)
        wrong += [file_system] if wrong_on(file_system, tests, given) else []
    print(f"Wrong on {', '.join(wrong)}." if wrong else "Nothing is wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
