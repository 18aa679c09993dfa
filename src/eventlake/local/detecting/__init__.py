"""Detections on one machine: when they run, what is remembered of them, and who is told."""
