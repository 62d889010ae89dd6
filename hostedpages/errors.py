"""What can be refused, as exceptions that carry words for people.

Must never know about HTTP pages or tables: `web` turns these into answers.
"""


class DomainError(Exception):
    """Something a person asked for cannot be done; the message says why and the way out."""

    status = 400

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(DomainError):
    """There is no such thing, or it belongs to another account: nobody can tell which."""

    status = 404

    def __init__(self, message: str = "There is nothing at this address.") -> None:
        super().__init__(message)


class Refused(DomainError):
    """The input is not acceptable; `field` names the part to mend."""

    status = 422


class Conflict(DomainError):
    """Somebody else changed the same thing meanwhile."""

    status = 409


class TooManyTries(DomainError):
    """A limit was reached; `retry_after_seconds` says when to come back."""

    status = 429

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
