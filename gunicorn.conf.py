"""How gunicorn runs the web: processes, threads, time limits. Read from the same settings."""

import signal

from hostedpages import db
from hostedpages.config import Settings

_settings = Settings.from_env()

bind = f"{_settings.bind}:{_settings.port}"
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = "gthread"
timeout = 30
graceful_timeout = 20
keepalive = 15
preload_app = True  # one import for all processes, and a dead one is replaced at once
control_socket_disable = True  # it would open a socket in the home folder
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
forwarded_allow_ips = ""  # proxies are counted by the application: HOSTEDPAGES_PROXY_HOPS
accesslog = None  # the application logs each request itself, without personal data
errorlog = "-"
loglevel = "warning"


def post_fork(_server: object, _worker: object) -> None:
    """A database connection must never cross the fork, nor the parent's way to end."""
    # Until it has set its own handler, a process has the parent's, which only notes the signal:
    # asked to end in that moment, it would be waited for until the grace is over.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    db.engine().dispose(close=False)
