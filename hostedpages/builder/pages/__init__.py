"""Hosted pages: the list, new pages, their lifecycle, publishing and versions."""
