"""The public post: one submission becomes rows, all of them or none.

Must never talk to another machine, and never reach into the builder.
"""
