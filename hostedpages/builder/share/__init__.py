"""Sharing a page: its addresses, snippets for other sites, QR code, personal links."""
