"""Detections: SQL that finds what somebody should know of, one row a key; what was found, and what is told of it.

detection   a detection as its file says it           evaluating   one run of it, on any engine
found       what a run finds                          cases        its tests, as data
"""
