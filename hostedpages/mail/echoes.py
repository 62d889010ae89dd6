"""Takes the addresses that mail servers repeat out of their answers, so that only words are judged.

Anybody can type an address like quota@example.org into a form. Pure; must never change what people
are shown, and must stay quick however long and strange the text is.
"""

import re

from hostedpages.mail.headers import one_address
from hostedpages.mail.names import readable

# Stays where something was cut out: words that did not stand side by side must not meet.
_GAP = "*"
# Also rewritten ones of relays, routes, and those in the query of a link. Begins only where a run
# of such characters begins, so a long text takes no longer than it has characters.
_ADDRESS = re.compile(
    r"""(?:"[^"]{0,64}"|(?<![^\s<>()\[\]",;:])[^\s<>()\[\]",;:]+)(?:@|%40)[\w.-]*"""
)


def without_addresses(text: str, *addresses: str) -> str:
    """The text without anything that looks like an address, and without the domains of these
    addresses and the hosts below them, in either script."""
    text = _ADDRESS.sub(_GAP, text)
    for address in addresses:
        domain = address.rpartition("@")[2]
        ascii_domain = (one_address(f"x@{domain}") or domain).rpartition("@")[2]
        for each in {domain, ascii_domain, readable(ascii_domain)}:
            if "." in each:  # else it may be a word like any other
                name = rf"(?<![\w.-])(?:[\w.-]+[.-])?{re.escape(each)}(?!\w)"
                text = re.sub(name, _GAP, text, flags=re.I)
    return text


def without_names(text: str, address: str) -> str:
    """The text without the local part of the address as a word of its own, also without what
    follows its plus sign, and without a domain of one word."""
    local, _, domain = address.rpartition("@")
    names = {local, local.partition("+")[0], domain} - {""}
    for each in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", _GAP, text, flags=re.I)
    return text
