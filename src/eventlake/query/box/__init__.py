"""The query box: a stranger's statement runs in a process of its own that can reach nothing but the lake's objects.

Six layers, each of which holds what it claims with the others switched off:

statement  only what the translation understood is emitted again (`dialect`); bounds on length, words, brackets and what is emitted
engine     DuckDB runs one SELECT, with its own locks: no folder but the objects', no writes, connections, extensions or settings; of very many
           objects without those of files, where both walls of the kernel stand (`query.run`)
process    empty environment, no descriptors, limits on memory, time, files and processes; killed at its deadline, dies with its parent (`walls`)
landlock   the kernel lets it read below the objects and nothing else, and reach no network (`landlock`); Linux only
seccomp    the kernel takes no call that changes a file, begins a process or makes a socket, from root neither (`seccomp`); Linux only
answer     rows, bytes and memory are counted where they arrive, and values must be of the types that were announced (`values`, `channel`)

`pool.Box` is the entry. One `zygote` has everything imported and forks a process for each query, so nothing of a query outlives it.
`standing` says which layers hold on a machine, by having a process try (`trials`).
"""
