"""Adapters: one technology a file, each fulfilling a Protocol of `eventlake.interfaces`."""
