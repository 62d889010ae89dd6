"""Hosted pages and lead forms. Imports nothing, so that the worker never loads Flask."""

__version__ = "0.2.0"
