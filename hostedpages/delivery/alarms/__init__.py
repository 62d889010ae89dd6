"""What endangers leads: looked for every minute, shown in the builder, told by a second way.

`watch` is the chore; `looks` and `silent_pages` find, `tell` tells. Must never send by itself:
what is told becomes a delivery.
"""
