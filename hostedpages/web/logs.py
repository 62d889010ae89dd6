"""The request id and one access line for each request, with ids only.

Must never log a path as it came, a query, a user agent or an address of a person.
"""

import logging
import secrets
import time

from flask import Flask, g, request
from werkzeug.wrappers import Response

from hostedpages import logs
from hostedpages.config import Settings

_access = logging.getLogger("hostedpages.access")


def install(app: Flask, settings: Settings) -> None:
    """Give each request of `app` an id, and log it when it is answered."""
    logs.configure(settings.log_level)

    @app.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.began_at = time.perf_counter()
        logs.clear_ids()
        logs.set_ids(request=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        request_id = g.get("request_id", "")
        response.headers["X-Request-Id"] = request_id
        milliseconds = (time.perf_counter() - g.get("began_at", time.perf_counter())) * 1000
        fields = {
            "method": request.method[:10],
            "route": request.url_rule.rule if request.url_rule else "unknown",
            "status": response.status_code,
            "ms": round(milliseconds, 1),
            **_ids_in_path(),
            **g.get("log_ids", {}),
        }
        _access.info("request", extra={"fields": fields})
        return response


def _ids_in_path() -> dict[str, str]:
    """Ids and slugs out of the address; whatever is a key to something stays out."""
    return {
        name: str(value)
        for name, value in (request.view_args or {}).items()
        if "token" not in name and len(str(value)) <= 80
    }
