"""create_app: the only place where the rooms meet. Wiring only."""

from contextlib import ExitStack
from dataclasses import dataclass

from flask import Flask, g

from hostedpages import builder, db, health, web
from hostedpages.accounts import guard
from hostedpages.accounts import views as accounts_views
from hostedpages.config import Settings
from hostedpages.render import front
from hostedpages.render import views as render_views
from hostedpages.submit import unsubscribe
from hostedpages.submit import views as submit_views
from hostedpages.tokens import Tokens


@dataclass(frozen=True)
class Services:
    """What views find under `current_app.extensions["hostedpages"]`."""

    settings: Settings
    tokens: Tokens


def create_app(settings: Settings | None = None) -> Flask:
    """Build the web application and open this process's database engine."""
    settings = settings or Settings.from_env()
    app = Flask("hostedpages", static_folder=None)
    app.secret_key = settings.secret_keys[0]
    app.config["SECRET_KEY_FALLBACKS"] = settings.secret_keys[1:]
    app.extensions["hostedpages"] = Services(settings, Tokens(settings.secret_keys))
    db.connect(settings)
    _one_unit_per_request(app)
    web.install(app)
    guard.install(app)
    for blueprint in (
        health.blueprint,
        accounts_views.blueprint,
        render_views.blueprint,
        submit_views.blueprint,
        unsubscribe.blueprint,
        builder.blueprint,
    ):
        app.register_blueprint(blueprint)
    front.install(app)
    return app


def _one_unit_per_request(app: Flask) -> None:
    @app.before_request
    def open_unit() -> None:
        g.unit = ExitStack()
        g.unit.enter_context(db.unit())

    @app.teardown_request
    def close_unit(_error: BaseException | None) -> None:
        unit = g.pop("unit", None)
        if unit is not None:
            unit.close()
