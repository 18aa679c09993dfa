"""From the spool to objects in the store, in a process of its own."""
