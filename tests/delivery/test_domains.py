"""Sending domains over time: looked at by themselves, signed for, and their keys rotated."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import domains, worker
from hostedpages.mail.dns import NoRecord, Resolver
from hostedpages.models import SendingDomain
from hostedpages.vault import CannotOpen, Vault
from tests import factories, zones
from tests.mail.test_dkim import HEAD, raw_sink, verdicts
from tests.name_servers import MemoryResolver

ADDRESS = tuple[str, int]


@pytest.fixture
def settings(settings: Settings, patient_name_server: ADDRESS) -> Settings:
    where = f"127.0.0.1:{patient_name_server[1]}"
    return settings.model_copy(update={"dns_servers": where, "spf_include": zones.INCLUDE})


def read(domain: SendingDomain) -> SendingDomain:
    db.session().rollback()
    db.session().expire_all()
    return domain


def looked_at(domain: SendingDomain, resolver: Resolver, now: FrozenClock) -> SendingDomain:
    asked = domains.ToLookAt.of(domain)
    domains.record(asked, domains.look(asked, resolver, zones.INCLUDE), now.at)
    return read(domain)


@pytest.mark.both_databases
def test_domains_are_looked_at_by_themselves(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    account = factories.account()
    fine = factories.sending_domain(account, name="fine.test", settings=settings)
    faulty = factories.sending_domain(account, name="revoked.test", settings=settings)

    asyncio.run(domains.look_at_all(settings))

    assert (read(fine).state, fine.checked_at, fine.fine_since) == ("fine", clock.at, clock.at)
    assert [each["state"] for each in fine.findings] == ["fine"] * 4
    assert (read(faulty).state, faulty.fine_since) == ("wrong", None)
    assert "revoked" in faulty.findings[1]["detail"]


def test_a_fine_one_is_looked_at_daily_and_a_new_faulty_one_hourly(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    account = factories.account()
    fine = factories.sending_domain(account, name="fine.test", settings=settings)
    faulty = factories.sending_domain(account, name="revoked.test", settings=settings)
    asyncio.run(domains.look_at_all(settings))
    began = clock.at

    clock.advance(timedelta(hours=1))
    asyncio.run(domains.look_at_all(settings))
    assert (read(fine).checked_at, read(faulty).checked_at) == (began, clock.at)

    clock.advance(timedelta(hours=23))
    asyncio.run(domains.look_at_all(settings))
    assert read(fine).checked_at == clock.at

    clock.advance(timedelta(hours=25))
    asyncio.run(domains.look_at_all(settings))
    at_the_end_of_new = clock.at
    clock.advance(timedelta(hours=2))
    asyncio.run(domains.look_at_all(settings))
    assert read(faulty).checked_at == at_the_end_of_new


@pytest.mark.both_databases
def test_a_domain_is_looked_at_at_once_after_the_clock_was_set_back(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    fine = factories.sending_domain(factories.account(), name="fine.test", settings=settings)
    asyncio.run(domains.look_at_all(settings))

    clock.advance(timedelta(hours=-2))
    asyncio.run(domains.look_at_all(settings))

    assert read(fine).checked_at == clock.at


def test_only_a_domain_that_was_fine_and_has_an_address_signs(
    unit: Session, settings: Settings, clock: FrozenClock, name_server: ADDRESS, tmp_path: Path
) -> None:
    account = factories.account()
    domain = factories.sending_domain(account, name="fine.test", settings=settings)
    other = factories.account()
    assert domains.signing_of(unit, account.id) is None
    looked_at(domain, Resolver([name_server]), clock)

    signing = domains.signing_of(unit, account.id)
    assert signing is not None
    assert (signing.from_email, signing.selector) == ("office@fine.test", "lf1")
    signed = signing.sign(HEAD + b"\r\nHello\r\n", Vault(settings.secret_keys))
    assert verdicts(name_server, tmp_path, signed) == ["pass"]
    assert domains.signing_of(unit, other.id) is None

    unit.rollback()
    with db.transaction():
        domain.from_email = ""
    assert domains.signing_of(unit, account.id) is None


def test_a_later_fault_is_seen_and_mail_goes_on_being_signed_until_the_key_is_gone(
    unit: Session, settings: Settings, clock: FrozenClock, name_server: ADDRESS
) -> None:
    account = factories.account()
    domain = looked_at(
        factories.sending_domain(account, name="fine.test", settings=settings),
        Resolver([name_server]),
        clock,
    )
    key = {
        ("lf1._domainkey.fine.test", "TXT"): [zones.record()],
        (zones.INCLUDE, "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
    }

    looked_at(domain, MemoryResolver(key), clock)
    assert domain.state == "not_found"
    assert domains.signing_of(unit, account.id) is not None

    looked_at(domain, MemoryResolver({}), clock)
    assert domains.signing_of(unit, account.id) is None


def test_the_next_key_signs_once_its_record_is_there(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    account = factories.account()
    domain = factories.sending_domain(
        account, name="fine.test", settings=settings, next_selector="lf2"
    )
    old, new = domain.public_key, domain.next_public_key
    world: dict[tuple[str, str], list[str] | Exception] = {
        ("fine.test", "TXT"): [zones.SPF],
        (zones.INCLUDE, "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
        ("lf1._domainkey.fine.test", "TXT"): [f"v=DKIM1; k=rsa; p={old}"],
    }
    looked_at(domain, MemoryResolver(world), clock)
    assert (domain.state, domain.selector, domain.next_selector) == ("fine", "lf1", "lf2")

    world[("lf2._domainkey.fine.test", "TXT")] = [f"v=DKIM1; k=rsa; p={new}"]
    looked_at(domain, MemoryResolver(world), clock)

    assert (domain.selector, domain.next_selector, domain.old_selector) == ("lf2", "", "lf1")
    assert (domain.public_key, domain.state) == (new, "fine")
    assert [each["name"] for each in domain.findings] == ["spf", "dkim:lf2", "dmarc", "mx"]
    signing = domains.signing_of(unit, account.id)
    assert signing is not None
    assert b"s=lf2;" in signing.sign(HEAD + b"\r\n", Vault(settings.secret_keys))


def test_a_key_opens_for_its_own_row_and_selector_alone(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    account = factories.account()
    one = factories.sending_domain(
        account, name="fine.test", settings=settings, fine_since=clock.at
    )
    two = factories.sending_domain(account, name="nothing.test", settings=settings)
    with db.transaction():
        one.key_sealed = two.key_sealed
    signing = domains.signing_of(unit, account.id)
    assert signing is not None
    with pytest.raises(CannotOpen):
        signing.sign(HEAD + b"\r\n", Vault(settings.secret_keys))
    assert "PRIVATE" not in one.key_sealed


def test_a_domain_that_was_removed_while_name_servers_were_asked_stays_removed(
    unit: Session, settings: Settings, clock: FrozenClock
) -> None:
    domain = factories.sending_domain(factories.account(), name="fine.test", settings=settings)
    asked = domains.ToLookAt.of(domain)
    with db.transaction() as session:
        session.delete(domain)
    resolver = MemoryResolver({("fine.test", "TXT"): NoRecord("fine.test", name_exists=True)})
    assert domains.record(asked, domains.look(asked, resolver, ""), clock.at) is None


def test_mail_that_the_worker_sends_by_the_platform_verifies_elsewhere(
    unit: Session, settings: Settings, clock: FrozenClock, name_server: ADDRESS, tmp_path: Path
) -> None:
    account = factories.account(name="Zoë’s Roofs")
    factories.sending_domain(account, name="fine.test", settings=settings, fine_since=clock.at)
    contact = factories.contact(account, email="pat@example.org")
    factories.delivery(
        account,
        contact_id=contact.id,
        recipient="pat@example.org",
        payload={"subject": "Grüße", "text": "Hello\n.\nDone", "is_answer": False},
    )
    with raw_sink() as (sink, port):
        worker.run_until_idle(
            settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}?tls=none"})
        )

    [received] = sink.received
    assert b"office@fine.test" in received
    assert verdicts(name_server, tmp_path, received) == ["pass"]
