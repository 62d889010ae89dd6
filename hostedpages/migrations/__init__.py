"""Numbered, forward-only changes of the tables, run by Alembic."""
