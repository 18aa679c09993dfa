"""What a lake on one machine does not keep for ever: its settings, legal holds, and the removal of whole hours."""
