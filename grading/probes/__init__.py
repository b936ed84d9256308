"""Probes: build a case's live objects, call the solution once, bring back plain data."""
