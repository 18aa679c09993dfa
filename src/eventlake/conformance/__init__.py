"""How faithfully an engine answers: golden cases, a fixture to ask them of, verdicts."""
