"""The log on disk in which accepted events wait for delivery."""
