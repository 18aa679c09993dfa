"""The bus: HTTP in, events on disk, then the answer."""
