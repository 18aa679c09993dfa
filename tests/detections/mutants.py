"""Detections with one condition taken out, as tests of their cases make them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from eventlake.detections.detection import ARRIVED, BEFORE, GIVEN, Detection

_CONDITION = re.compile(r"(?P<before>\s*(?:.*\bon\s)??)(?P<word>where|and|or|having)\s(?P<condition>.+)")
_READS_LESS = re.compile(r"""\s\(?"date" >=? |\s(event_time|first_seen) < :until$""")


def mutants(detection: Detection) -> Iterator[tuple[str, Detection]]:
    """Yield each condition that stands on a line of its own, and the detection without it.

    Not those that only keep reading short, and not the end of the window, behind which no event lies. Each looks at its history at once, so that
    the condition is not made up for by what is found without it.
    """
    before, arrived = (f"date_add('day', -{detection.history.days}, :{name})" for name in (GIVEN[0], ARRIVED))
    lines = detection.sql.replace(f":{BEFORE}", before).replace(f":{ARRIVED}", arrived).splitlines()
    for number, line in enumerate(lines):
        match = re.fullmatch(r"(\s*)(where|and|or|having)\s(.+)", line)
        if match is None or _READS_LESS.search(line) or match[3].count("(") != match[3].count(")"):
            continue
        always = "false" if match[2] == "or" else "true"
        changed = [*lines[:number], f"{match[1]}{match[2]} {always}", *lines[number + 1 :]]
        sql = "\n".join(changed)
        left = tuple(one for one in detection.parameters if f":{one.name}" in sql)
        yield line.strip(), replace(detection, sql=sql, history=timedelta(0), parameters=left)
