"""The link below each mail to a contact by which its reader says stop.

Its token holds the random id of the delivery and nothing else, so that no address stands in logs
of other people's servers. It never runs out: a mail may be read years later.
"""

from hostedpages.tokens import Tokens

PURPOSE = "unsubscribe"


def path(tokens: Tokens, delivery_id: str) -> str:
    """The path of the page for the reader of this delivery (its public id); always the same."""
    return f"/u/{tokens.sign(PURPOSE, {'d': delivery_id, 't': 0})}"


def delivery_id(tokens: Tokens, token: str) -> str | None:
    """The public id of the delivery that a token names; None when it is not one of ours."""
    payload = tokens.read(PURPOSE, token, max_age=None)
    found = payload.get("d") if payload is not None else None
    return found if isinstance(found, str) and found else None
