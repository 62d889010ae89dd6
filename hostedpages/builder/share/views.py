"""The Share tab: addresses, snippets, QR code, personal links. HTTP only."""

import io
from collections.abc import Callable

import segno
from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hostedpages import clock
from hostedpages.accounts import guard
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.pages import queries as page_queries
from hostedpages.builder.paging import page_number
from hostedpages.builder.services import settings
from hostedpages.builder.share import addresses, queries, service
from hostedpages.builder.shell import EDITORS
from hostedpages.errors import NotFound
from hostedpages.models import Contact, ContactLink, Page
from hostedpages.render import known_contact
from hostedpages.schema.form_schema import FormSchema

PIXELS_A_MODULE = 16  # a PNG of about 600 pixels: sharp on a flyer


@blueprint.get("/pages/<pid>/share")
@guard.role_required(*EDITORS)
def share_show(pid: str) -> str:
    page = guard.owned(Page, pid)
    account = guard.current_account()
    search = request.args.get("q", "").strip()[:100]
    made = request.args.get("made", "")
    live = page_queries.live_version(page)
    level = FormSchema.load(live.document if live else page.draft).options.pii_visibility
    return render_template(
        "builder/share/show.html",
        page=page,
        tab="share",
        addresses=addresses.of(account),
        search=search,
        found=queries.contacts_like(account, search),
        links=queries.links_of(page, page_number(request.args.get("page"))),
        link_url=_url_of(page),
        state_of=queries.state_of,
        now=clock.now(),
        made=guard.owned(ContactLink, made) if made else None,
        days=service.DAYS,
        default_days=service.DEFAULT_DAYS,
        pii_visibility=level,
    )


@blueprint.get("/pages/<pid>/qr.<extension>")
@guard.role_required(*EDITORS)
def share_qr(pid: str, extension: str) -> Response:
    """The hosted page's address as a QR code: svg or png; `?download=1` names the file."""
    page = guard.owned(Page, pid)
    code = segno.make(addresses.of(guard.current_account()).page(page), error="m", micro=False)
    out = io.BytesIO()
    if extension == "svg":
        code.save(out, kind="svg", scale=8, border=4, xmldecl=False, svgns=True, omitsize=False)
        kind = "image/svg+xml"
    elif extension == "png":
        code.save(out, kind="png", scale=PIXELS_A_MODULE, border=4)
        kind = "image/png"
    else:
        raise NotFound()
    response = Response(out.getvalue(), mimetype=kind)
    if request.args.get("download"):
        name = f"{page.slug}-qr.{extension}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/pages/<pid>/contacts")
@guard.role_required(*EDITORS)
def share_contacts(pid: str) -> Response:
    """Contacts found by typing, for the script: name, the line below, id."""
    guard.owned(Page, pid)
    found = queries.contacts_like(guard.current_account(), request.args.get("q", "")[:100])
    return jsonify(
        contacts=[
            {
                "id": each.public_id,
                "name": each.display_name,
                "detail": " · ".join(part for part in (each.company_name, each.email) if part),
            }
            for each in found
        ]
    )


@blueprint.post("/pages/<pid>/links")
@guard.role_required(*EDITORS)
def links_create(pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    contact = guard.owned(Contact, request.form.get("contact", ""))
    days = request.form.get("days", service.DEFAULT_DAYS, type=int)
    link = service.make_link(page, contact, guard.current_user(), days)
    target = url_for("builder.share_show", pid=pid, made=link.public_id, _anchor="made")
    return redirect(target, 303)


@blueprint.post("/pages/<pid>/links/<link_pid>/revoke")
@guard.role_required(*EDITORS)
def links_revoke(pid: str, link_pid: str) -> AnyResponse:
    page = guard.owned(Page, pid)
    link = guard.owned(ContactLink, link_pid)
    service.revoke_link(page, link, guard.current_user())
    flash("The link is revoked. Whoever opens it sees the empty form.")
    return redirect(url_for("builder.share_show", pid=pid, _anchor="links"), 303)


def _url_of(page: Page) -> Callable[[ContactLink], str]:
    path = addresses.of(guard.current_account()).path(page)
    return lambda link: known_contact.url_for(link, path, page.public_id, settings())
