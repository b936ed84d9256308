"""The bank: mistakes, and honest variants that must get full marks.

Nothing that a student runs imports it by name: where it is absent, checks give facts alone.
"""
