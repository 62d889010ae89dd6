"""Every address has a gate: it stands on the list of public ones, or asks who is there."""

from flask import Flask

from hostedpages.accounts import guard
from tests.people import Client, Person

# Without any cookie. A new one needs a thought: what does it tell, and to whom?
PUBLIC = {
    "health.healthz",
    "health.readyz",
    "render.embed_script",
    "render.show_form",
    "render.show_page",
    "submit.post_form",
    "submit.post_page",
    "submit.seen",
    "submit.thanks",
    "unsubscribe.unsubscribe_show",
    "unsubscribe.unsubscribe_stop",
    "web.serve",
}
# Of the staff side: by a password, a link from a mail, or the wish to leave.
SIGNED_OUT = {
    "accounts.invite_show",
    "accounts.invite_use",
    "accounts.link_request",
    "accounts.link_send",
    "accounts.link_show",
    "accounts.link_use",
    "accounts.reset_request",
    "accounts.reset_send",
    "accounts.reset_show",
    "accounts.reset_use",
    "accounts.sign_in",
    "accounts.sign_in_with_password",
    "accounts.sign_out",
}


def endpoints(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()}


def test_no_route_is_without_a_gate(app: Flask) -> None:
    bare = {endpoint for endpoint in endpoints(app) if guard.gate_of(app, endpoint) is None}
    assert bare == set()


def test_what_is_public_is_on_the_list(app: Flask) -> None:
    found = {each for each in endpoints(app) if guard.gate_of(app, each) == guard.PUBLIC}
    assert found == PUBLIC


def test_what_is_open_to_the_signed_out_is_on_the_list(app: Flask) -> None:
    found = {each for each in endpoints(app) if guard.gate_of(app, each) == guard.SIGNED_OUT}
    assert found == SIGNED_OUT


def test_every_other_address_asks_who_is_there(app: Flask, client: Client) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC | SIGNED_OUT:
            continue
        path = rule.build({name: "1" if _is_number(rule, name) else "x" for name in rule.arguments})
        assert path is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(path[1], method=method, headers={"Accept": "text/html"})
            goal = answer.headers.get("Location", "")
            assert answer.status_code == 303, f"{method} {rule}: {answer.status}"
            assert goal.startswith("/sign-in"), f"{method} {rule}: {goal}"


def _is_number(rule: object, name: str) -> bool:
    converter = rule._converters[name]
    return "Integer" in type(converter).__name__


def test_every_write_of_the_staff_side_asks_for_the_forms_token(app: Flask, alice: Person) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or "POST" not in (rule.methods or set()):
            continue
        path = rule.build({name: "1" if _is_number(rule, name) else "x" for name in rule.arguments})
        assert path is not None
        answer = alice.client.post(path[1])
        assert answer.status_code == 403, f"{rule}: {answer.status}"
