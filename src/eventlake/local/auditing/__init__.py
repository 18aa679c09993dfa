"""Who asked what of a lake on one machine, and who changed it: noted before the answer is shown, if the lake is told to."""
