"""What a request may be: its host, its size, its number of parts, and where it comes from.

Must never read a header of a proxy that is not counted in the settings.
"""

import ipaddress

from flask import Flask, request
from werkzeug.exceptions import (
    NotFound,
    RequestEntityTooLarge,
    SecurityError,
    UnsupportedMediaType,
)
from werkzeug.middleware.proxy_fix import ProxyFix

from hostedpages.config import Settings
from hostedpages.web.asked import is_trusted
from hostedpages.web.headers import family_of_request

MIB = 1024 * 1024
STAFF_BYTES = 2 * MIB
PUBLIC_BYTES = 1 * MIB
MAX_PARTS = 3000  # 200 fields with many choices each, and room


def install(app: Flask, settings: Settings) -> None:
    """Refuse what is too large or wrongly addressed before a view sees it."""
    app.config.update(
        MAX_CONTENT_LENGTH=STAFF_BYTES,
        MAX_FORM_MEMORY_SIZE=STAFF_BYTES,
        MAX_FORM_PARTS=MAX_PARTS,
    )
    if settings.proxy_hops:
        # Not the host: a proxy passes it on as it is, and a forwarded one would poison links.
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as its own documentation does
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0
        )

    @app.before_request
    def check_host() -> None:
        # Not by TRUSTED_HOSTS: that cannot name an IPv6 address.
        if not is_trusted(request.headers.get("Host", ""), settings.trusted_hosts):
            raise SecurityError()

    @app.before_request
    def check_address() -> None:
        if "\0" in request.path:
            raise NotFound()  # nothing of ours; PostgreSQL cannot even be asked for it

    @app.before_request
    def check_body() -> None:
        if request.content_encoding not in (None, "", "identity"):
            raise UnsupportedMediaType("Compressed requests are not read. Please send it as it is.")
        if family_of_request(app) == "public":
            request.max_content_length = PUBLIC_BYTES
        if request.mimetype != "application/x-www-form-urlencoded":
            return
        # Reading it all now also means that no slow sender is waited for in a transaction.
        if request.get_data(cache=True, parse_form_data=False).count(b"&") >= MAX_PARTS:
            raise RequestEntityTooLarge()


def client_address() -> str:
    """The address of whoever sent this request, as far as counted proxies vouch for it."""
    address = _parsed(request.remote_addr)
    return str(address) if address else "unknown"


def address_key() -> str:
    """What limits count: an IPv4 address, or the /64 that one IPv6 customer has as a whole."""
    address = _parsed(request.remote_addr)
    if address is None:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _parsed(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
