"""Mistakes in the challenges, a module for each."""
