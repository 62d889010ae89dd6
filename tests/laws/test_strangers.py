"""Alice, Bob and Charlie walk every address that names something of Alice's account.

To Charlie, who owns another account, each is a 404 that nobody can tell from a missing one, and
nothing of hers changes. To Alice it is there.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.models import (
    Account,
    Base,
    Delivery,
    Enrollment,
    Sender,
    SendingDomain,
    UserSession,
)
from hostedpages.tokens import random_id
from tests import factories
from tests.people import Person

Makers = dict[str, Callable[[Account], Any]]
PLACEHOLDER = re.compile(r"<(?:[^:<>]+:)?([a-z_]+)>")


def _page(account: Account) -> str:
    return factories.page(account).public_id


def _submission(account: Account) -> str:
    return factories.submission(factories.page(account), factories.contact(account)).public_id


def _plan(account: Account) -> str:
    return factories.plan(account).public_id


def _delivery(account: Account) -> str:
    made = Delivery(
        account_id=account.id,
        kind="email",
        state="failed",
        due_at=clock.now(),
        payload={},
        recipient="pat@example.org",
        summary="An email",
    )
    return factories.store(made).public_id


def _user(account: Account) -> str:
    return factories.user(account, role="standard").public_id


def _session(account: Account) -> str:
    user = factories.user(account)
    made = UserSession(
        account_id=account.id,
        user_id=user.id,
        token_hash=random_id(),
        last_seen_at=clock.now(),
        expires_at=clock.now(),
    )
    return factories.store(made).public_id


def _source(account: Account) -> str:
    return factories.lead_source(account).public_id


def _sender(account: Account) -> str:
    found = db.session().scalar(select(Sender).where(Sender.account_id == account.id))
    return (found or factories.sender(account)).public_id


def _stopped_address(account: Account) -> str:
    return factories.suppressed_address(account, f"{random_id().lower()}@example.org").public_id


def _step(account: Account) -> str:
    return factories.plan(account, {"kind": "notify_user"}).steps[0].public_id


def _enrollment(account: Account) -> str:
    made = Enrollment(
        account_id=account.id,
        plan_id=factories.plan(account).id,
        contact_id=factories.contact(account).id,
        state="active",
    )
    return factories.store(made).public_id


def _domain(account: Account) -> str:
    public_id = random_id()
    made = SendingDomain(
        account_id=account.id,
        public_id=public_id,
        name=f"{public_id.lower().replace('_', '-').strip('-')}.example.com",
        selector="lf1",
        key_sealed="x",
        public_key="x",
    )
    return factories.store(made).public_id


# Start of the address -> what its first id names, the longer start first. A new area adds a line.
OWNED: Makers = {
    "/pages/": _page,
    "/leads/": _submission,
    "/plans/steps/": _step,
    "/plans/people/": _enrollment,
    "/plans/": _plan,
    "/deliveries/": _delivery,
    "/settings/users/": _user,
    "/settings/devices/": _session,
    "/settings/sources/": _source,
    "/settings/domains/": _domain,
    "/settings/mail/": _sender,
    "/settings/addresses/": _stopped_address,
}
# What a form must name to be there at all: endpoint -> its fields.
SENT: dict[str, Callable[[Account], dict[str, str]]] = {
    "builder.links_create": lambda account: {"contact": factories.contact(account).public_id},
    "builder.senders_check": lambda account: {"check": "server"},
}
# What else stands in addresses, below that id. A page of the factories has one version.
BELOW: dict[str, Any] = {"number": 1, "extension": "svg", "link_pid": random_id()}
# A missing link of her own page is a 404 to Alice too.
NOT_MADE = ("link_pid",)
# One's own devices are listed to oneself alone: even Alice does not find another user's.
ONLY_ONES_OWN = ("/settings/devices/",)


def staff_rules(app: Flask) -> list[Rule]:
    """Rules behind a sign-in whose address names something."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.arguments and guard.gate_of(app, rule.endpoint) not in (guard.PUBLIC, "signed_out")
    ]


def addresses(rule: Rule, account: Account) -> tuple[str, str]:
    """The rule's address with an id of this account, and with one that does not exist."""
    prefix = next((prefix for prefix in OWNED if rule.rule.startswith(prefix)), None)
    assert prefix, f"{rule.rule}: tell in OWNED what its id names"
    first, *more = PLACEHOLDER.findall(rule.rule)
    values = {name: BELOW[name] for name in more}

    def built(public_id: str) -> str:
        found = rule.build({first: public_id, **values})
        assert found is not None
        return found[1]

    return built(OWNED[prefix](account)), built(random_id())


def rows(session: Session, account: Account) -> list[Any]:
    """Everything the account owns, to compare before and after."""
    session.rollback()
    return [
        [table.name, *map(tuple, session.execute(select(table).where(owner == account.id)))]
        for table in Base.metadata.sorted_tables
        if (owner := table.c.get("account_id")) is not None
    ]


def essence(answer: Any, path: str) -> tuple[int, str]:
    """What an answer tells, without the address that was asked for and without random parts."""
    text = answer.get_data(as_text=True).replace(path, "ADDRESS")
    for public_id in re.findall(r"[\w-]{22}", path):
        text = text.replace(public_id, "ID")
    for random_part in ("csrf", "request_id", answer.headers.get("X-Request-Id", "request_id")):
        text = re.sub(rf"{re.escape(random_part)}[^<>]*(?=[<>])", "", text)
    return answer.status_code, text


def test_the_walk_knows_every_address(app: Flask, alice: Person) -> None:
    for rule in staff_rules(app):
        assert addresses(rule, alice.account)


def test_to_a_stranger_nothing_of_alices_exists(
    app: Flask, alice: Person, charlie: Person, unit: Session
) -> None:
    told = []
    for rule in staff_rules(app):
        hers, missing = addresses(rule, alice.account)
        before = rows(unit, alice.account)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found = essence(charlie.client.open(hers, method=method), hers)
            nothing = essence(charlie.client.open(missing, method=method), missing)
            if found != nothing or found[0] != 404:
                told.append(f"{method} {rule.rule}: {found[0]}, a missing one {nothing[0]}")
        if rows(unit, alice.account) != before:
            told.append(f"{rule.rule}: Charlie changed something of Alice's")
    assert told == []


def test_below_a_page_of_his_own_a_stranger_reaches_nothing_of_alices(
    app: Flask, alice: Person, charlie: Person, unit: Session
) -> None:
    page = factories.page(alice.account)
    link = factories.contact_link(page, factories.contact(alice.account))
    his_page = factories.page(charlie.account)
    before = rows(unit, alice.account)
    for rule in (rule for rule in staff_rules(app) if "link_pid" in rule.arguments):
        address = rule.build({"pid": his_page.public_id, "link_pid": link.public_id})
        assert address is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            assert charlie.client.open(address[1], method=method).status_code == 404
    assert rows(unit, alice.account) == before


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_to_her_own_account_it_is_there(
    who: str, app: Flask, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(who)
    lost = []
    for rule in staff_rules(app):
        if rule.rule.startswith(ONLY_ONES_OWN) or rule.arguments & set(NOT_MADE):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            hers, _ = addresses(rule, person.account)
            sent = SENT[rule.endpoint](person.account) if rule.endpoint in SENT else {}
            status = person.client.open(hers, method=method, data=sent).status_code
            # Bob is no admin: 403 says so, and tells him nothing new about his own account.
            if status in (404, 500) or (who == "alice" and status == 403):
                lost.append(f"{method} {rule.rule}: {status}")
    assert lost == []
