# For developers; nobody needs make to use eventlake.
.PHONY: test check docs

test:
	./run test

check:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

docs:
	.venv/bin/python -m eventlake.cli.reference
