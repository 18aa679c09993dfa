"""Hours that are over become one sorted object each: closed by a command, or by the service in a process of its own."""
