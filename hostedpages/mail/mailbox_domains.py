"""Domains of mailbox providers: only the provider can publish records there, so nobody else can
prove them.

A short list of the large ones. Must never refuse a domain that a business could own.
"""

from hostedpages.mail.names import is_within

_DOMAINS = {
    "Google": ("gmail.com", "googlemail.com"),
    "Microsoft": ("outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.fr")
    + ("live.com", "msn.com"),
    "Yahoo": ("yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com", "rocketmail.com"),
    "Apple": ("icloud.com", "me.com", "mac.com"),
    "AOL": ("aol.com", "aim.com"),
    "GMX": ("gmx.com", "gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.us", "gmx.co.uk"),
    "WEB.DE": ("web.de",),
    "T-Online": ("t-online.de",),
    "Proton": ("proton.me", "protonmail.com", "pm.me"),
    "Zoho": ("zohomail.com",),
    "Comcast": ("comcast.net",),
    "AT&T": ("att.net", "sbcglobal.net", "bellsouth.net"),
    "Verizon": ("verizon.net",),
    "Cox": ("cox.net",),
    "EarthLink": ("earthlink.net",),
}


def owner_of(domain: str) -> str:
    """The provider that this domain (ASCII, lower case) belongs to; empty for any other one."""
    owners = (
        owner for owner, names in _DOMAINS.items() if any(is_within(domain, each) for each in names)
    )
    return next(owners, "")
