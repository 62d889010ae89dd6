"""The options of a page: everything of its document but the elements."""
