"""Erasing a person from a lake on AWS: found in every version of every object, rewritten without them, proved, and attested."""
