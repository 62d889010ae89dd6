"""The staff side: one blueprint, one import an area.

Must never be imported by a room below it.
"""

from hostedpages.builder import shell, times
from hostedpages.builder.blueprint import blueprint

times.install(blueprint)
shell.install(blueprint)

__all__ = ["blueprint"]
