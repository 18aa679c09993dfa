"""The mappings of the declared tables, one generated module each, and the declarations of a user's own sources.

Written by `eventlake templates` from the declarations; a test compares them.
"""
