"""The text of a statement: its words, its grammar, its parameters, how long it may be."""
