"""All tables in one place to import from."""

from hostedpages.models.account import Account, User, UserSession, UserToken
from hostedpages.models.base import Base
from hostedpages.models.contact import Contact, ContactLink, HistoryEntry
from hostedpages.models.delivery import Delivery, DeliveryAttempt, Heartbeat, RateBucket
from hostedpages.models.lead_source import LeadSource
from hostedpages.models.page import Page, PageDay, PageVersion
from hostedpages.models.plan import ActionPlan, Enrollment, PlanStep
from hostedpages.models.submission import Submission

__all__ = [
    "Account",
    "ActionPlan",
    "Base",
    "Contact",
    "ContactLink",
    "Delivery",
    "DeliveryAttempt",
    "Enrollment",
    "Heartbeat",
    "HistoryEntry",
    "LeadSource",
    "Page",
    "PageDay",
    "PageVersion",
    "PlanStep",
    "RateBucket",
    "Submission",
    "User",
    "UserSession",
    "UserToken",
]
