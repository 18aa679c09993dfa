"""The tables of a catalog in SQLite, version by version, and how an older version looks to a reader of this one."""

from __future__ import annotations

STEPS = (
    """
    create table setting (name text primary key, value text not null);
    create table "table" (name text primary key, "database" text not null, declaration text not null);
    create table partition (
        "table" text not null, "date" text not null, hour text not null, location text not null, format text not null,
        primary key ("table", "date", hour)
    );
    create table object (
        key text primary key, "table" text not null, "date" text not null, hour text not null, format text not null,
        size_bytes integer not null, rows integer not null, crc32 integer not null
    );
    create index object_by_hour on object ("table", "date", hour, key);
    create table failed_object (key text primary key, stream text not null, size_bytes integer not null, rows integer not null, crc32 integer not null);
    create table failed_record (
        id text primary key, stream text not null, code text not null, message text not null, arrival_us integer not null,
        size_bytes integer not null, key text not null, line integer not null, redriven_us integer
    );
    create index failed_record_by_arrival on failed_record (arrival_us desc);
    create table pending (key text primary key);
    create table checkpoint (stream text primary key, position integer not null);
    """,
    """
    create table lake (id text not null, epoch integer not null);
    insert into lake values (lower(hex(randomblob(16))), 0);
    alter table object add column position_from integer;
    alter table object add column position_to integer;
    alter table object add column generation integer not null default 0;
    alter table object add column state text not null default 'live';
    alter table object add column replaced_us integer;
    alter table object add column stretches text;
    drop index object_by_hour;
    create index live_object on object ("table", "date", hour, key) where state = 'live';
    create index object_by_position on object ("table", position_to) where position_to is not null;
    alter table failed_object add column position_from integer;
    alter table failed_object add column position_to integer;
    alter table partition add column generation integer not null default 0;
    alter table partition add column state text not null default 'open';
    alter table partition add column objects integer not null default 0;
    alter table partition add column rows integer not null default 0;
    alter table partition add column size_bytes integer not null default 0;
    alter table partition add column duplicates integer not null default 0;
    insert or ignore into partition ("table", "date", hour, location, format)
        select "table", "date", hour, min(rtrim(key, replace(key, '/', ''))), min(format) from object group by "table", "date", hour;
    update partition set (objects, rows, size_bytes) = (
        select count(*), coalesce(sum(o.rows), 0), coalesce(sum(o.size_bytes), 0) from object o
        where o."table" = partition."table" and o."date" = partition."date" and o.hour = partition.hour and o.state = 'live'
    );
    """,
    """
    alter table failed_record add column redriven_into text;
    """,
    """
    alter table partition add column problem text not null default '';
    alter table partition add column attempts integer not null default 0;
    alter table partition add column retry_us integer not null default 0;
    """,
    """
    alter table object add column strict text;
    """,
    """
    alter table object add column first_us integer;
    alter table object add column last_us integer;
    """,
)
"""What makes each version out of the one before it.

An hour of a table is a partition: its generation counts the swaps of its objects, its state is `open`, `closed`, or `dirty` when something
arrived after it was closed, and its sums are those of its live objects. An object's state is `live`, or `replaced` since `replaced_us`;
`stretches` is JSON of the several stretches of the spool that the object of a closed hour holds, `strict` of the columns whose texts are JSON as we
write it, NULL for none; between `first_us` and `last_us` lies every `event_time` of its rows, NULL where that is not known. `lake.epoch` counts the
processes that have taken the lake to write. A failed record that was redriven says when and into which tables. An hour that could not be closed
keeps the problem, how often it was attempted since it was closed last, and from when on it is attempted again.
"""

_NO_PROBLEMS = "'' as problem, 0 as attempts, 0 as retry_us"
_PARTITION_BEFORE_PROBLEMS = f"""
    create temp view partition as select *, {_NO_PROBLEMS} from main.partition;
"""
_NO_TIMES = "null as first_us, null as last_us"
_OBJECT_BEFORE_STRICT = f"""
    create temp view object as select *, null as strict, {_NO_TIMES} from main.object;
"""
_OBJECT_BEFORE_TIMES = f"""
    create temp view object as select *, {_NO_TIMES} from main.object;
"""
_FAILED_BEFORE_REDRIVE = """
    create temp view failed_record as select *, null as redriven_into from main.failed_record;
"""

VIEWS = {
    1: f"""
    create temp view lake as select '' as id, 0 as epoch;
    create temp view object as select *, null as position_from, null as position_to, 0 as generation, 'live' as state,
        null as stretches, null as strict, {_NO_TIMES} from main.object;
    create temp view failed_object as select *, null as position_from, null as position_to from main.failed_object;
    create temp view partition as
        select p.*, 0 as generation, 'open' as state, 0 as duplicates, count(o.key) as objects, coalesce(sum(o.rows), 0) as rows,
            coalesce(sum(o.size_bytes), 0) as size_bytes, {_NO_PROBLEMS}
        from main.partition p left join main.object o on o."table" = p."table" and o."date" = p."date" and o.hour = p.hour
        group by p."table", p."date", p.hour;
    """
    + _FAILED_BEFORE_REDRIVE,
    2: _FAILED_BEFORE_REDRIVE + _PARTITION_BEFORE_PROBLEMS + _OBJECT_BEFORE_STRICT,
    3: _PARTITION_BEFORE_PROBLEMS + _OBJECT_BEFORE_STRICT,
    4: _OBJECT_BEFORE_STRICT,
    5: _OBJECT_BEFORE_TIMES,
}
"""For a reader that may not write: temporary views that hide the tables of an older version."""
