"""What the application holds for its views: its settings.

Must never hold anything of a request.
"""

from flask import current_app

from hostedpages.config import Settings


def settings() -> Settings:
    """The settings of this installation."""
    found: Settings = current_app.extensions["hostedpages"].settings
    return found
