"""The bank: mistakes, honest variants that must get full marks, and exploits that must get none.

Nothing that a student runs imports it by name: where it is absent, checks give facts alone.
"""
