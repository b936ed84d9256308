"""Reports: pure functions of a grade."""
