"""Random ids."""

from __future__ import annotations

import os
import uuid

from eventlake.local.bus.ids import new_ids


def test_ids_are_random_uuids() -> None:
    """Of version 4, and none twice."""
    ids = [one.decode() for count in (0, 1, 11, 200) for one in new_ids(count)]

    assert len(set(ids)) == 212
    assert {(uuid.UUID(one).version, str(uuid.UUID(one)) == one) for one in ids} == {(4, True)}


def test_a_fork_makes_ids_of_its_own() -> None:
    """Not those that the process it was made from makes next."""
    new_ids(1)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, new_ids(1)[0])
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 36) not in new_ids(64)
