"""The parser of Athena's grammar, rule by rule: each module reads one kind of thing and is the base of the next."""
