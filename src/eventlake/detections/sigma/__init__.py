"""Sigma rules, as people publish them, become drafts of detections and their tests: https://sigmahq.io/docs/basics/rules.html

document    YAML, every value with its line     condition   how a rule's selections belong together
fields      a rule's fields as columns          selection   what a field must hold, as SQL and as an example
rule        one rule or correlation, read       draft       the files of a detection
"""
