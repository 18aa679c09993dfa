"""Erasing a person from a lake on one machine: found in every file, rewritten without them, proved, and attested."""
