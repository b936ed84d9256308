"""Isolation: the submission in a sandboxed worker, and the verdict in a process that it never sees.

Trusted: `intake` (which files are taken in), `sandbox` (how a process is shut in), `process` (one
worker), `remote` (the player that the checks know), `cost` (what it all costs). In the sandbox:
`worker`, `canary`, `plays`, `proxy`. On both sides: `wire` and `codec`.
"""
