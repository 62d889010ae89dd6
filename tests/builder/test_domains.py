"""Settings > Domains, as owners and admins use it, against a real name server."""

import re

import pytest
from sqlalchemy import func, select

from hostedpages import db
from hostedpages.builder.domains import views
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.models import SendingDomain
from hostedpages.vault import Vault
from tests import factories, name_servers, zones
from tests.mail.test_received import FORWARDED, GOOD
from tests.people import Person

ADDRESS = tuple[str, int]


@pytest.fixture
def settings(settings: Settings, name_server: ADDRESS) -> Settings:
    return settings.model_copy(
        update={"dns_servers": f"127.0.0.1:{name_server[1]}", "spf_include": zones.INCLUDE}
    )


def domains_of(person: Person) -> list[SendingDomain]:
    found = select(SendingDomain).where(SendingDomain.account_id == person.account.id)
    return list(db.session().scalars(found.order_by(SendingDomain.name)))


def text_of(person: Person, path: str) -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/settings/domains", "/settings/domains/new", "/settings/domains/headers"]
)
def test_domains_are_for_owners_and_admins(path: str, alice: Person, bob: Person) -> None:
    assert alice.client.get(path).status_code == 200
    assert bob.client.get(path).status_code == 403
    assert "Domains" not in text_of(bob, "/settings/devices").partition("</nav>")[0]


def test_an_empty_list_says_what_a_domain_is_for(alice: Person) -> None:
    text = text_of(alice, "/settings/domains")
    assert "No domains yet" in text
    assert "/settings/domains/new" in text


@pytest.mark.parametrize(
    ("typed", "owner", "name"),
    [
        ("gmail.com", "Google", "gmail.com"),
        ("office@GMX.de", "GMX", "gmx.de"),
        ("mail.proton.me", "Proton", "mail.proton.me"),
    ],
)
def test_a_mailbox_providers_domain_is_refused_with_a_way_out(
    alice: Person, settings: Settings, typed: str, owner: str, name: str
) -> None:
    answer = alice.client.post("/settings/domains/new", data={"name": typed})

    words = f"Only {owner} can publish records for {name}. Set up a sender instead."
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert domains_of(alice) == []


def test_without_a_server_to_send_through_every_screen_says_so(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = factories.sending_domain(alice.account, settings=settings)
    paths = ["/settings/domains", "/settings/domains/new", f"/settings/domains/{domain.public_id}"]
    words = "Hosted Pages has no mail server to send through yet"
    assert [path for path in paths if words not in text_of(alice, path)] == []

    with_server = settings.model_copy(update={"smtp_url": "smtp://mail.example.com:587"})
    monkeypatch.setattr(views, "settings", lambda: with_server)
    assert [path for path in paths if words in text_of(alice, path)] == []


def test_a_domain_that_does_not_exist_is_said_once_on_top(
    alice: Person, settings: Settings
) -> None:
    where = alice.client.post("/settings/domains/new", data={"name": "absent.test"}).location

    text = text_of(alice, where)
    notice, _, records = text.partition("<h2")
    assert "There is no domain absent.test.</strong> Check the spelling, or register it." in notice
    assert "Publish or correct" not in text
    assert "The domain itself" not in records
    assert "4 records to look at" in text_of(alice, "/settings/domains")


@pytest.mark.usefixtures("patient_checks")
def test_a_silent_name_server_of_ours_is_said_once_and_no_record_is_blamed(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    where = f"/settings/domains/{domain.public_id}"
    with name_servers.scripted_dns(name_servers.silence) as silent:
        asks_it = settings.model_copy(update={"dns_servers": f"127.0.0.1:{silent.address[1]}"})
        monkeypatch.setattr(views, "settings", lambda: asks_it)
        assert alice.client.post(f"{where}/check").status_code == 303

    text = text_of(alice, where)
    assert text.count("The name server that Hosted Pages asks gives no usable answer") == 1
    assert "This says nothing about fine.test" in text
    assert text.count("Not checked.") == 4
    assert "Publish or correct" not in text
    listed = text_of(alice, "/settings/domains")
    assert "Could not check" in listed
    assert "to look at" not in listed


@pytest.mark.both_databases
def test_a_new_domain_shows_every_record_to_publish(alice: Person, settings: Settings) -> None:
    answer = alice.client.post(
        "/settings/domains/new", data={"name": " https://Nothing.TEST./about "}
    )

    [domain] = domains_of(alice)
    assert answer.status_code == 303
    assert answer.location == f"/settings/domains/{domain.public_id}"
    assert (domain.name, domain.selector, domain.state) == ("nothing.test", "lf1", "not_found")
    text = text_of(alice, answer.location)
    for words in (
        zones.SPF,
        "lf1._domainkey.nothing.test",
        f"v=DKIM1; k=rsa; p={domain.public_key}",
        "_dmarc.nothing.test",
        "v=DMARC1; p=none",
        "enter only <code>lf1._domainkey</code>",
        "48 hours",
        "Not found",
    ):
        assert words in text
    parts = re.findall(r'<code id="r\d+-part-\d+">([^<]*)</code>', text)
    assert "".join(parts) == f"v=DKIM1; k=rsa; p={domain.public_key}"
    assert all(len(part) <= 255 for part in parts)
    key = Vault(settings.secret_keys).open(domain.key_sealed, place=domain.key_place("lf1"))
    assert "PRIVATE KEY" in key
    assert "PRIVATE KEY" not in text


def test_an_address_brings_its_domain(alice: Person) -> None:
    alice.client.post("/settings/domains/new", data={"name": "Office@fine.test"})
    [domain] = domains_of(alice)
    assert (domain.name, domain.from_email) == ("fine.test", "Office@fine.test")


def test_a_name_in_another_script_is_kept_in_ascii_and_shown_readable(alice: Person) -> None:
    answer = alice.client.post("/settings/domains/new", data={"name": "Dächer.test"})
    [domain] = domains_of(alice)
    assert domain.name == "xn--dcher-gra.test"
    text = text_of(alice, answer.location)
    assert "<h1>dächer.test</h1>" in text
    assert "xn--dcher-gra.test" in text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Please give a domain"),
        ("roofing", "has no ending"),
        ("localhost", "inner networks"),
        ("mail.corp.internal", "inner networks"),
        ("printer.local", "inner networks"),
        ("127.0.0.1", "address of a machine"),
        ("a_b.test", "Check the spelling"),
        ("-x.test", "Check the spelling"),
        ("xn--zz.test", "Check the spelling"),
        ("x" * 64 + ".test", "Check the spelling"),
        ("\u200b\u202e.test", "Check the spelling"),
        ("a@b@fine.test", "one valid email address"),
        ("fine.test\r\nX: y", ""),
        ("<script>.test", "Check the spelling"),
    ],
)
def test_what_is_no_public_domain_is_refused_with_the_reason(
    typed: str, words: str, alice: Person
) -> None:
    answer = alice.client.post("/settings/domains/new", data={"name": typed})
    if not words:
        assert [each.name for each in domains_of(alice)] == ["fine.test"]
        return
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert domains_of(alice) == []


def test_a_domain_is_added_once_to_an_account_and_twenty_are_enough(
    alice: Person, charlie: Person, settings: Settings
) -> None:
    factories.sending_domain(alice.account, name="fine.test", settings=settings)
    again = alice.client.post("/settings/domains/new", data={"name": "FINE.test"})
    assert "is there already" in again.get_data(as_text=True)
    assert (
        charlie.client.post("/settings/domains/new", data={"name": "fine.test"}).status_code == 303
    )
    for number in range(19):
        factories.sending_domain(alice.account, name=f"n{number}.test", settings=settings)
    full = alice.client.post("/settings/domains/new", data={"name": "one-more.test"})
    assert "can have 20 domains" in full.get_data(as_text=True)


def test_check_now_finds_what_was_published_and_says_when(
    alice: Person, settings: Settings, clock: FrozenClock
) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}"
    assert "Not checked yet" in text_of(alice, path)

    assert alice.client.post(f"{path}/check").status_code == 303

    assert (domain.state, domain.fine_since) == ("fine", clock.at)
    text = text_of(alice, path)
    assert "comes from <strong>office@fine.test</strong>, signed" in text
    assert "Mar 3, 2026" in text
    assert "Fine" in text_of(alice, "/settings/domains")


def test_checking_again_and_again_is_slowed_down(
    alice: Person, settings: Settings, clock: FrozenClock
) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}/check"
    codes = [alice.client.post(path).status_code for _ in range(21)]
    assert codes == [303] * 20 + [429]
    assert "please wait some minutes" in alice.client.post(path).get_data(as_text=True)


def test_keys_that_are_made_and_dropped_count_as_checks_do(
    alice: Person, settings: Settings, clock: FrozenClock
) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}"
    codes = []
    for _ in range(21):
        codes.append(alice.client.post(f"{path}/keys/next").status_code)
        alice.client.post(f"{path}/keys/drop")

    assert codes == [303] * 20 + [429]
    assert not domain.next_selector
    assert alice.client.post(f"{path}/check").status_code == 429


def test_domains_that_are_added_and_removed_count_as_checks_do(
    alice: Person, settings: Settings, clock: FrozenClock
) -> None:
    codes = []
    for _ in range(21):
        answer = alice.client.post("/settings/domains/new", data={"name": "fine.test"})
        codes.append(answer.status_code)
        alice.client.post(f"{answer.headers.get('Location', '')}/remove")

    assert codes == [303] * 20 + [429]
    assert "please wait some minutes" in answer.get_data(as_text=True)


def test_a_fault_is_shown_with_its_fix_and_what_is_published(
    alice: Person, settings: Settings
) -> None:
    domain = factories.sending_domain(alice.account, name="eleventh.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}"
    alice.client.post(f"{path}/check")
    text = text_of(alice, path)
    assert "need an 11th" in text
    assert "Free 1 look-up first" in text
    assert "a:h0.eleventh.test" in text
    assert "1 record to look at" in text_of(alice, "/settings/domains")


def test_from_must_be_at_the_domain_itself(alice: Person, settings: Settings) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}"

    saved = alice.client.post(path, data={"from_email": "Hi@FINE.test", "from_name": " Zoë  Ltd "})
    assert saved.status_code == 303
    assert (domain.from_email, domain.from_name) == ("Hi@fine.test", "Zoë Ltd")

    for wrong in ("hi@other.test", "hi@sub.fine.test", "nonsense", "a@fine.test, b@fine.test"):
        answer = alice.client.post(path, data={"from_email": wrong, "from_name": ""})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert domain.from_email == "Hi@fine.test"

    alice.client.post(path, data={"from_email": "", "from_name": ""})
    assert (domain.from_email, domain.from_name) == ("", "")


def test_the_next_key_is_prepared_shown_and_dropped(alice: Person, settings: Settings) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}"
    alice.client.post(f"{path}/keys/next")

    assert (domain.selector, domain.next_selector) == ("lf1", "lf2")
    text = text_of(alice, path)
    assert f"v=DKIM1; k=rsa; p={domain.next_public_key}" in text
    assert "Mail is signed with lf1 until this record is found" in text
    assert domain.state == "fine"

    before = domain.next_public_key
    alice.client.post(f"{path}/keys/next")
    assert domain.next_public_key == before

    alice.client.post(f"{path}/keys/drop")
    assert (domain.next_selector, domain.next_key_sealed) == ("", "")
    assert "lf2._domainkey" not in text_of(alice, path)


def test_the_record_of_the_key_before_is_named_until_it_is_deleted(
    alice: Person, settings: Settings
) -> None:
    domain = factories.sending_domain(
        alice.account, name="fine.test", settings=settings, selector="lf2", old_selector="lf1"
    )
    path = f"/settings/domains/{domain.public_id}"
    assert "delete the record at <code>lf1._domainkey.fine.test</code>" in text_of(alice, path)
    alice.client.post(f"{path}/keys/forget")
    assert "lf1._domainkey" not in text_of(alice, path)


def test_removing_asks_by_name_and_is_done_by_post(alice: Person, settings: Settings) -> None:
    domain = factories.sending_domain(alice.account, name="fine.test", settings=settings)
    path = f"/settings/domains/{domain.public_id}/remove"
    assert "Remove fine.test?" in text_of(alice, path)
    assert len(domains_of(alice)) == 1
    assert alice.client.post(path).location == "/settings/domains"
    assert db.session().scalar(select(func.count()).select_from(SendingDomain)) == 0


def test_pasted_headers_are_explained_and_kept_nowhere(alice: Person) -> None:
    answer = alice.client.post("/settings/domains/headers", data={"headers": GOOD})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "What mx.example.org saw" in text
    assert "The server that delivered the message may send for northside.example" in text
    worse = alice.client.post("/settings/domains/headers", data={"headers": FORWARDED})
    assert "somebody changed the message" in worse.get_data(as_text=True)
    none = alice.client.post("/settings/domains/headers", data={"headers": "Hello there"})
    assert none.status_code == 422
    assert "no headers of a received message" in none.get_data(as_text=True)
    hostile = GOOD.replace("mx.example.org", "<script>x</script>")
    shown = alice.client.post("/settings/domains/headers", data={"headers": hostile})
    assert "<script>x" not in shown.get_data(as_text=True)


@pytest.mark.parametrize("between", ["/", "#", "?"])
def test_the_address_of_another_domain_does_not_come_along(alice: Person, between: str) -> None:
    typed = f"nothing.test{between}boss@bank.example"

    answer = alice.client.post("/settings/domains/new", data={"name": typed})

    assert answer.status_code == 422
    assert domains_of(alice) == []
