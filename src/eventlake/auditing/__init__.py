"""Who asked what of a lake, and who changed it: what is noted of a deed before its answer is shown, wherever the lake keeps its notes."""
