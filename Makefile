# For developers; nobody needs make to use eventlake.
.PHONY: test check derived

test:
	./run test

check:
	./run check

# Everything that derives from declarations and code.
derived:
	.venv/bin/eventlake templates
	.venv/bin/python -m eventlake.cli.reference
