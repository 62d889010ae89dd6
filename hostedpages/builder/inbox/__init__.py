"""Submissions: results of one page, leads of all pages, one submission, exports."""
