"""The delivery log: what goes out, to whom, how it went, and what a person can do about it."""
