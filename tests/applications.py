"""The product for tests: wired once, on the database of each test.

Wiring the routes and compiling the templates takes longer than most tests do. What an application
remembers of its database is made anew for each. Must never keep anything that a test has changed.
"""

from typing import Any

from flask import Flask

from hostedpages.app import Services, create_app
from hostedpages.config import Settings
from hostedpages.render import front
from hostedpages.render.public import Public
from hostedpages.tokens import Tokens
from tests import people
from tests.databases import keeping_the_engine

# By what the wiring looks at.
_wired: dict[tuple[object, ...], tuple[Flask, Any, dict[str, Any]]] = {}


def on(settings: Settings) -> Flask:
    """The whole product on these settings, as new. CSRF is checked by tests of its own."""
    key = (
        *settings.secret_keys,
        settings.public_url,
        *settings.trusted_hosts,
        settings.proxy_hops,
        settings.log_level,
    )
    if key not in _wired:
        app = _wire(settings)
        _wired[key] = (app, app.wsgi_app._behind, dict(app.config))
    app, behind_the_front, config = _wired[key]
    app.config.clear()
    app.config.update(config)
    app.extensions["hostedpages"] = Services(settings, Tokens(settings.secret_keys))
    app.extensions["hostedpages_public"] = Public(app)
    app.wsgi_app = behind_the_front
    front.install(app)
    return app


def _wire(settings: Settings) -> Flask:
    with keeping_the_engine():
        app = create_app(settings)
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = people.Client
    app.teardown_request(people.refuse_unsaved)
    return app
