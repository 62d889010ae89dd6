"""The content policy of a public page: its style by digest, and who may frame it.

Must never put anything into a header that is not made of checked parts.
"""

from hostedpages.schema.form_schema import FormSchema
from hostedpages.web import PREVIEW_POLICY, PUBLIC_POLICY


def policy_of(
    schema: FormSchema, style_digest: str, is_embedded: bool, *, is_personal: bool = False
) -> str:
    """The header's value. `is_personal` is a page that shows, or could show, a known contact."""
    directives = {
        **PUBLIC_POLICY,
        "style-src": f"'sha256-{style_digest}'",
        "frame-ancestors": _ancestors(schema, is_embedded, is_personal),
    }
    options = schema.options
    if not (options.success_url or options.error_url):
        # Browsers apply this to the redirect after the post too, so only without one.
        directives["form-action"] = "'self'"
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def preview_policy(style_digest: str) -> dict[str, str]:
    """The policy of the designer's preview, for `web.set_policy`."""
    return {**PREVIEW_POLICY, "style-src": f"'sha256-{style_digest}'"}


def _ancestors(schema: FormSchema, is_embedded: bool, is_personal: bool) -> str:
    origins = schema.options.allowed_frame_origins
    if not is_embedded:
        return "'self'"
    if origins:
        # Each one was rebuilt from scheme, host and port when the document was read.
        return " ".join(["'self'", *origins])
    # A frame of the empty form gives nothing away; one with a known contact's data would.
    return "'none'" if is_personal else "*"
