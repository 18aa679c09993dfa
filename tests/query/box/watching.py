"""A lake with a secret beside it, and processes that tell how they ended: what the tests of the query box share."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.interfaces import Catalog, Contents, LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Column, Table
from eventlake.query.box import channel
from eventlake.query.box.walls import LAYERS, Cell
from eventlake.query.box.worker import Ended, Worker
from eventlake.query.box.zygote import Zygote
from eventlake.query.run import Job

SECRET = "outside-is-secret"
SECONDS = 0.5
MEMORY_MB = 384
LOGS = Table(
    "auth0_logs",
    "auth0_event_logs",
    "auth0",
    "Logs.",
    "auth0_logs",
    {},
    "$",
    "log_id",
    tuple(Column(name, "string", (), "", "") for name in ("log_id", "type", "ip")),
)
ATTACKS = [json.loads(line) for line in (Path(__file__).parent / "attacks.jsonl").read_text("utf-8").splitlines()]


class OneTable(Catalog):
    """A catalog of one table with one object."""

    def __init__(self, known: LogObject) -> None:
        self.known = known

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Nothing to do: the table is given."""

    def tables(self) -> Sequence[Table]:
        """The one table."""
        return [LOGS]

    def add_partition(self, partition: Partition) -> bool:
        """No partition is ever new here."""
        return False

    def partitions(self, table: str) -> Sequence[Partition]:
        """None is asked for."""
        return []

    def contents(self, table: str) -> Contents:
        """What its objects are, hour by hour."""
        return Contents.of(self.objects(table))

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """The one object."""
        return [self.known]


class WatchedWorker(Worker):
    """A worker that tells how it ended, once it was let go."""

    end: Ended | None = None

    def close(self) -> None:
        """Let it go, and wait for its end."""
        self._data.close()
        if self._leash.fileno() >= 0:
            self._leash.shutdown(socket.SHUT_WR)
            self.end = self.ended(120.0)
        self._leash.close()


class WatchedZygote(Zygote):
    """A zygote whose workers are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[WatchedWorker] = []

    def fork(self) -> Worker:
        """A worker that tells how it ended."""
        made = super().fork()
        watched = WatchedWorker(made._data, made._leash)
        self.workers.append(watched)
        return watched


@dataclass(frozen=True)
class Place:
    """A lake, and a folder outside it that holds a secret."""

    root: Path
    zygote: WatchedZygote

    @property
    def lake(self) -> Path:
        """The folder of objects."""
        return self.root / "lake"

    @property
    def outside(self) -> Path:
        """The folder that no query may see."""
        return self.root / "outside"

    @cached_property
    def logs(self) -> LogObject:
        """An object of 2,000 log lines."""
        hour = Hour("2026-11-07", "10")
        path = self.lake / LOGS.prefix / hour.path / "a.parquet"
        return LogObject(LOGS.name, hour, str(path.relative_to(self.lake)), "parquet", path.stat().st_size, 2_000)

    def engine(self, layers: tuple[str, ...] = LAYERS, seconds: float = SECONDS, **limits: Any) -> DuckDBEngine:
        """An engine over the lake."""
        made = DuckDBEngine(OneTable(self.logs), self.lake, memory_mb=MEMORY_MB, threads=2, seconds=seconds, **limits)
        made.box.cell = self.cell(layers, seconds)
        made.box._zygote = self.zygote
        return made

    def cell(self, layers: tuple[str, ...] = LAYERS, seconds: float = SECONDS) -> Cell:
        """What a process over the lake may use."""
        return Cell(str(self.lake), MEMORY_MB, 2, seconds, layers)

    def text(self, attack: dict[str, Any]) -> str:
        """The statement of an attack on this lake."""
        sql = str(attack["sql"])
        for name, (piece, times) in attack.get("fill", {}).items():
            sql = sql.replace(f"{{{name}}}", piece * times)
        return (
            sql.replace("{object}", f"{self.lake}/{self.logs.key}")
            .replace("{lake}", str(self.lake))
            .replace("{outside}", str(self.outside))
        )

    def state(self) -> dict[str, bytes | None]:
        """Every file below the root with its bytes, every folder."""
        return {str(path.relative_to(self.root)): path.read_bytes() if path.is_file() else None for path in self.root.rglob("*")}

    def raw(self, sql: str, layers: tuple[str, ...], objects: int = 0) -> tuple[bytes, Ended | None]:
        """The rows or the error that a process says to a statement of DuckDB's that no translation saw, and how it ended.

        objects: how many it is said to read.
        """
        from time import monotonic

        import msgspec

        worker = self.zygote.fork()
        worker.prepare(self.cell(layers))
        said = b""
        try:
            channel.receive(worker._data, 0, monotonic() + 60)
            deadline = monotonic() + SECONDS
            job = Job(sql, (), (), str(self.lake), MEMORY_MB, 2, SECONDS, objects=objects)
            channel.send(worker._data, channel.JOB, msgspec.msgpack.encode(job))
            kind = b""
            while kind not in {channel.DONE, channel.FAILED}:
                kind, body = channel.receive(worker._data, 1 << 24, deadline)
                said += b"" if kind == channel.DONE else body  # which says what it took
        except (channel.ChannelClosedError, channel.ChannelLateError):
            pass
        worker.close()
        assert isinstance(worker, WatchedWorker)
        return said, worker.end


def make_place(root: Path) -> Place:
    """A lake of one object and a secret outside it."""
    place = Place(root, WatchedZygote())
    place.outside.mkdir(parents=True)
    (place.outside / "secret.csv").write_text(f"a\n{SECRET}\n")
    path = place.lake / LOGS.prefix / Hour("2026-11-07", "10").path / "a.parquet"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        lines = "SELECT 'log' || i AS log_id, 's' AS type, '192.0.2.1' AS ip FROM range(2000) t(i)"
        connection.execute(f"COPY ({lines}) TO '{path}' (FORMAT parquet)")
        connection.execute(f"COPY (SELECT '{SECRET}' AS a) TO '{place.outside}/t.parquet' (FORMAT parquet)")
    os.environ["EVENTLAKE_TEST_SECRET"] = SECRET
    return place
