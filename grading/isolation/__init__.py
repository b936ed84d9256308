"""Isolation: the submission in a sandboxed worker, and the verdict in a process that it never sees.

Trusted: `intake` (which files are taken in), `sandbox` (the process), `remote` (the conversation).
In the sandbox: `worker`, `canary`, `proxy`. On both sides: `wire` and `codec`.
"""
