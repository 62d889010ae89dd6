"""The outbox and the worker that empties it.

Must never import Flask or know a request: it runs alone in its own process.
"""
