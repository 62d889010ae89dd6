"""Security headers of every answer, by family: staff, preview, public.

The family comes from the view's gate. Must never send X-Frame-Options on a page that may be
embedded, and never put text that a person typed into a header unchecked.
"""

from collections.abc import Mapping

from flask import Flask, g, request
from werkzeug.wrappers import Response

from hostedpages.config import Settings

# Written out although `default-src 'none'` implies it: scanners and people look for it.
_NOTHING = {"default-src": "'none'", "object-src": "'none'", "base-uri": "'none'"}

STAFF_POLICY = {
    **_NOTHING,
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "lit-html",
}
# The preview is the real public page, framed by the designer and by nobody else.
PREVIEW_POLICY = {
    **_NOTHING,
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
}
# No form-action: browsers apply it to the redirect after the post too, and that one leads to the
# success URL of the page's owner. Frame ancestors are set by the page.
PUBLIC_POLICY = {
    **_NOTHING,
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
}
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
)
HSTS = "max-age=31536000"  # not for subdomains: those may be somebody else's


def set_policy(directives: Mapping[str, str]) -> None:
    """Use this content policy for the answer of the current request instead of the family's.

    Raises ValueError for anything that could begin another directive or header.
    """
    for name, value in directives.items():
        text = f"{name} {value}"
        if not text.isascii() or not text.isprintable() or ";" in text or "," in text:
            raise ValueError("a content policy has no such characters")
    g.policy = dict(directives)


def install(app: Flask, settings: Settings) -> None:
    """Set the headers on every answer of `app`, errors included."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        family = family_of_request(app)
        policy = g.pop("policy", None) or (STAFF_POLICY if family == "staff" else PUBLIC_POLICY)
        headers = response.headers
        headers.setdefault(
            "Content-Security-Policy", "; ".join(" ".join(pair) for pair in policy.items())
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        if settings.secure_cookies:
            headers.setdefault("Strict-Transport-Security", HSTS)
        if family == "staff":
            # Not `no-referrer`: older browsers would then hide the origin of our own posts.
            headers.setdefault("Referrer-Policy", "same-origin")
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            if policy.get("frame-ancestors") == "'none'":
                headers.setdefault("X-Frame-Options", "DENY")
        else:
            headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        return response


def family_of_request(app: Flask) -> str:
    """`public` for hosted pages and what they need, `staff` for all else, unknown addresses too."""
    view = app.view_functions.get(request.endpoint or "")
    return "public" if getattr(view, "gate", None) == "public" else "staff"
