"""What every answer of the web has in common: headers, limits, logs, error pages, static files.

Must never know a user or a page: rooms above use it.
"""

from flask import Flask

from hostedpages.web import answers, headers, limits, logs, static
from hostedpages.web.answers import wants_json
from hostedpages.web.headers import PREVIEW_POLICY, PUBLIC_POLICY, STAFF_POLICY, set_policy
from hostedpages.web.limits import address_key, client_address
from hostedpages.web.static import static_url

__all__ = [
    "PREVIEW_POLICY",
    "PUBLIC_POLICY",
    "STAFF_POLICY",
    "address_key",
    "client_address",
    "install",
    "set_policy",
    "static_url",
    "wants_json",
]


def install(app: Flask) -> None:
    """Put all of it around `app`. Call it before the gates are installed."""
    settings = app.extensions["hostedpages"].settings
    logs.install(app, settings)
    limits.install(app, settings)
    headers.install(app, settings)
    static.install(app)
    answers.install(app)
