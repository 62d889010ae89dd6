"""What owners and admins change about account, users and lead sources.

Entering, inviting and archiving are in `accounts`. Must never take an id that was not loaded
through the account.
"""

import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.accounts import checks, links, notices
from hostedpages.errors import Refused
from hostedpages.models import Account, ActionPlan, LeadSource, Page, User
from hostedpages.sanitize import clean_text

MAX_ADDRESSES = 10
MAX_POSTAL_LINES = 6
MAX_POSTAL_ADDRESS = 300
MAX_PHONE = 40


def change_account(
    account: Account,
    *,
    name: str,
    time_zone: str,
    new_lead_emails: list[str],
    company_address: str = "",
    company_phone: str = "",
    company_email: str = "",
) -> None:
    """Change the account's name, time zone, the addresses that are told of each new lead, and what
    stands below each mail to a contact.

    Raises Refused with the field to mend.
    """
    name = checks.name(name, "Please name the account.")
    time_zone = checks.time_zone(time_zone)
    field = "new_lead_emails"
    checked = list(dict.fromkeys(checks.email(each, field=field) for each in new_lead_emails))
    if len(checked) > MAX_ADDRESSES:
        raise Refused(f"Please give at most {MAX_ADDRESSES} addresses.", field=field)
    postal = _postal_address(company_address)
    phone = " ".join(clean_text(company_phone).split())
    if len(phone) > MAX_PHONE:
        raise Refused(f"Please give at most {MAX_PHONE} characters.", field="company_phone")
    email = checks.email(company_email, field="company_email") if company_email.strip() else ""
    with db.transaction():
        account.name = name
        account.time_zone = time_zone
        account.new_lead_emails = checked
        account.company_address = postal
        account.company_phone = phone
        account.company_email = email


def _postal_address(text: str) -> str:
    """Its lines without what is empty."""
    lines = [" ".join(line.split()) for line in clean_text(text).splitlines() if line.strip()]
    made = "\n".join(lines)
    if len(lines) > MAX_POSTAL_LINES or len(made) > MAX_POSTAL_ADDRESS:
        raise Refused(
            f"Please give at most {MAX_POSTAL_LINES} lines and {MAX_POSTAL_ADDRESS} characters.",
            field="company_address",
        )
    return made


def change_own_name(user: User, name: str) -> None:
    """Rename oneself."""
    name = checks.name(name, "Please tell us your name.")
    with db.transaction():
        user.name = name


def change_user(user: User, *, by: User, role: str, gets_new_leads: bool) -> None:
    """Change role and notification; both hold from the user's next request on.

    Raises Refused when `by` may not, or when the account would be left without an owner.
    """
    checks.may_change(by, user)
    checks.may_give(by, role)
    with db.transaction() as session:
        if user.role == "owner" and role != "owner":
            checks.keep_an_owner(session, user)
        user.role = role
        user.gets_new_leads = gets_new_leads


def renew_invitation(user: User, *, by: User) -> str:
    """Mail a new invitation and end the older links. Returns the path of the new one."""
    checks.may_change(by, user)
    if user.archived_at is not None or user.password_hash is not None:
        raise Refused("Only users who have not come in yet can be invited again.")
    with db.transaction() as session:
        now = clock.now()
        links.end_all(session, user, now=now)
        token = links.issue(session, user, "invite", valid_for=links.INVITE_VALID_FOR, now=now)
        path = f"/invite/{token}"
        notices.put(session, user, "invite", path=path, now=now)
    return path


def restore_user(user: User, *, by: User) -> None:
    """Let an archived user in again; the old sessions and links stay dead."""
    checks.may_change(by, user)
    with db.transaction():
        user.archived_at = None


def create_source(
    account: Account, *, name: str, action_plan: ActionPlan | None = None
) -> LeadSource:
    """Add a lead source with a new web key. Raises Refused for an empty or taken name."""
    name = checks.name(name, "Please name the lead source.")
    with db.transaction() as session:
        source = LeadSource(
            account_id=account.id,
            name=name,
            name_key=_free_name_key(session, account.id, name, other_than=None),
            web_key=f"LF_{secrets.token_hex(16)}",
            action_plan_id=action_plan.id if action_plan else None,
        )
        session.add(source)
        _flush(session, name)
    return source


def change_source(source: LeadSource, *, name: str, action_plan: ActionPlan | None) -> None:
    """Rename it, also in the drafts of pages that name it, and choose the plan of its leads.

    Published pages follow at once.
    """
    name = checks.name(name, "Please name the lead source.")
    with db.transaction() as session:
        if name != source.name:
            _rename_in_drafts(session, source, name)
        source.name_key = _free_name_key(session, source.account_id, name, other_than=source.id)
        source.name = name
        source.action_plan_id = action_plan.id if action_plan else None
        _flush(session, name)


def archive_source(source: LeadSource) -> None:
    """Take it out of the choices. Leads that name it keep it; live pages go on using it."""
    with db.transaction():
        source.active = False


def restore_source(source: LeadSource) -> None:
    """Offer it again."""
    with db.transaction():
        source.active = True


def _free_name_key(session: Session, account_id: int, name: str, *, other_than: int | None) -> str:
    name_key = name.casefold()
    taken = session.scalar(
        select(LeadSource.id).where(
            LeadSource.account_id == account_id, LeadSource.name_key == name_key
        )
    )
    if taken is not None and taken != other_than:
        raise _taken(name)
    return name_key


def _flush(session: Session, name: str) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise _taken(name) from None  # two people at the same moment; the database decided


def _taken(name: str) -> Refused:
    return Refused(f"There is a lead source called “{name}” already.", field="name")


def _rename_in_drafts(session: Session, source: LeadSource, name: str) -> None:
    """Drafts name their source. An open designer sees that its draft is stale, and why."""
    named = Page.draft["options"]["lead_source"].as_string()
    for page in session.scalars(
        select(Page).where(Page.account_id == source.account_id, named.is_not(None))
    ):
        options = page.draft["options"]
        if str(options["lead_source"]).casefold() == source.name_key:
            page.draft = {**page.draft, "options": {**options, "lead_source": name}}
            page.lock_version += 1
            page.updated_at = clock.now()
