"""Words and enhanced codes by which mail servers say what they mean, and what to do about it.

Taken from what the main providers answer; RFC 3463 gives the codes. Must never hold logic: how
they are weighed stands in `errors.py`.
"""

import re

MAILBOX_FULL = re.compile(
    r"mailbox (?:is |has been )?(?:full|over)|over (?:its |their )?quota"
    r"|(?:mailbox|storage|disk) quota|exceeded storage allocation|insufficient storage",
    re.I,
)
QUOTA = re.compile(
    r"quota|\blimits?\b|\brate\b|too many (?:messages|mails|e-?mails|recipients)|exceed|threshold"
    r"|unusual sending",
    re.I,
)
# Words of a quota in answers about something else.
OTHER_LIMIT = re.compile(
    r"\bsize\b|too (?:big|large)|\bhops?\b|loop|line length|\bheader|time-?out|time limit"
    r"|receiving mail",
    re.I,
)
SIZE = re.compile(
    r"(?:message|mail) (?:size )?(?:exceeds|is too (?:big|large)|too (?:big|large))"
    r"|size (?:limit )?exceed",
    re.I,
)
GREYLIST = re.compile(r"gr[ae]y-?list", re.I)
CONCURRENCY = re.compile(r"concurrent|too many (?:concurrent |open |simultaneous )?conn", re.I)
SEND_AS = re.compile(
    r"send ?as\b|sendas|not owned by user"
    r"|sender(?: address)? (?:rejected|refused|denied|is not|not)"
    r"|not (?:allowed|authorized|permitted) to send (?:as|from|on behalf)",
    re.I,
)
WANTS_SIGN_IN = re.compile(
    r"authentication (?:is )?(?:required|needed)|(?:must|need to|please|requires?) (?:be |to )?"
    r"(?:first )?(?:authenticat|log ?in|sign in)|not authenticated|auth(?:enticate)? first"
    r"|relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:allowed|permitted))|unable to relay"
    r"|not permitted to relay|rcpthosts",
    re.I,
)
# Then it is about the proof of a domain, not about our sign-in.
DOMAIN_PROOF = re.compile(r"\bspf\b|\bdkim\b|\bdmarc\b", re.I)
DOMAIN_PROOF_CODE = re.compile(r"5\.7\.(?:2\d|5\d\d)")
SWITCHED_OFF = re.compile(
    r"smtpclientauth|basic auth\w* is disabled"
    r"|smtp (?:access )?(?:is )?(?:disabled|off|not enabled)"
    r"|third[- ]party|less secure|application[- ]specific password|app(?:lication)? password",
    re.I,
)
APP_PASSWORD = re.compile(r"app(?:lication)?[- ](?:specific )?password", re.I)

NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
TOO_BIG = frozenset({"5.3.4", "5.2.3"})
QUOTA_CODES = frozenset({"5.4.5", "4.4.5", "5.1.90", "5.7.705", "5.7.708", "5.2.122", "4.2.122"})
SEND_AS_CODES = frozenset({"5.1.8", "5.7.60", "5.2.252"})
SIGN_IN_CODES = frozenset({"5.7.8", "5.7.139", "5.7.14"})

ADVICE_SIGN_IN = (
    "In this order: check the user name and the password (many providers want the whole address "
    "as the user name); if two-step verification is on, the usual password does not work here: "
    "make an app password at your provider, and paste it."
)
ADVICE_APP_SIGN_IN = (
    "This provider wants an app password here, not the usual one: turn on two-step verification "
    "there, make an app password, and paste it."
)
ADVICE_SWITCHED_OFF = (
    "The provider has mail programs switched off for this mailbox. Whoever runs the mailbox "
    "allows SMTP sign-in for it; or sign in with the provider's own button instead of a password."
)
ADVICE_QUOTA = (
    "The provider's sending limit is reached, which usually passes within about 24 hours. "
    "Mail waits and goes out by itself."
)
