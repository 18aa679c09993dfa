"""Athena's functions: who they are is data, one line each, a module a family; how a call finds its line is in `calls`."""
