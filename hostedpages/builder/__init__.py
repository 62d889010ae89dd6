"""The staff side: one blueprint, one import an area.

Must never be imported by a room below it.
"""

from hostedpages.builder import shell, times
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.settings import source_views, user_views
from hostedpages.builder.settings import views as settings_views

times.install(blueprint)
shell.install(blueprint)

__all__ = ["blueprint", "settings_views", "source_views", "user_views"]
