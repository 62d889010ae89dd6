"""The public page, reading only: a page version and its theme become HTML.

Must never write anything.
"""
