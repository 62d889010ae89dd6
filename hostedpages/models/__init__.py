"""All tables in one place to import from."""

from hostedpages.models.account import Account, User, UserSession, UserToken
from hostedpages.models.alarm import Alarm
from hostedpages.models.base import Base
from hostedpages.models.contact import Contact, ContactLink, HistoryEntry
from hostedpages.models.delivery import Delivery, DeliveryAttempt, Heartbeat, RateBucket
from hostedpages.models.lead_source import LeadSource
from hostedpages.models.mailbox import MailboxMessage, SuppressedAddress
from hostedpages.models.page import Page, PageDay, PageVersion
from hostedpages.models.plan import ActionPlan, Enrollment, PlanStep
from hostedpages.models.sender import NO_SENDER, PLATFORM, Sender, SenderHealth, SendingDomain
from hostedpages.models.submission import Submission

__all__ = [
    "NO_SENDER",
    "PLATFORM",
    "Account",
    "ActionPlan",
    "Alarm",
    "Base",
    "Contact",
    "ContactLink",
    "Delivery",
    "DeliveryAttempt",
    "Enrollment",
    "Heartbeat",
    "HistoryEntry",
    "LeadSource",
    "MailboxMessage",
    "Page",
    "PageDay",
    "PageVersion",
    "PlanStep",
    "RateBucket",
    "Sender",
    "SenderHealth",
    "SendingDomain",
    "Submission",
    "SuppressedAddress",
    "User",
    "UserSession",
    "UserToken",
]
