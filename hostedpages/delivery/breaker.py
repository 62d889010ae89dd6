"""Stops knocking at a mail server that is down, busy or refuses us; mail waits meanwhile.

A provider that sees a wrong password every second bans the machine. Must never drop anything: it
only says how many may try now.
"""

from hostedpages.mail.errors import MailError

# Seconds by the number of refusals in a row; the last one stays.
SETTINGS_PAUSES = (60.0, 300.0, 3600.0)
BUSY_PAUSES = (60.0, 120.0, 300.0, 600.0, 1800.0)
DOWN_PAUSES = (10.0, 20.0, 40.0, 60.0, 120.0, 300.0)
QUOTA_PAUSES = (3600.0,)
_PAUSES = {"busy": BUSY_PAUSES, "quota": QUOTA_PAUSES}


class Breaker:
    """The state of one mail server, with times on a monotonic clock in seconds."""

    def __init__(self) -> None:
        self._until = 0.0
        self._refusals = 0
        self._is_probing = False
        self.problem = ""

    def allowance(self, wanted: int, now: float) -> int:
        """How many deliveries may be tried now: all, one as a probe, or none."""
        if not self._refusals:
            return wanted
        if now < self._until or self._is_probing:
            return 0
        self._is_probing = wanted > 0
        return min(wanted, 1)

    def probe_found_nothing(self) -> None:
        """Nothing was due for the probe, so the next one may try."""
        self._is_probing = False

    def refused(self, error: MailError, now: float) -> None:
        """Take note of a fault of the server, and wait longer after each."""
        pauses = _PAUSES.get(error.kind, SETTINGS_PAUSES if error.held else DOWN_PAUSES)
        if now >= self._until or self._is_probing:  # those sent at the same time count once
            pause = pauses[min(self._refusals, len(pauses) - 1)]
            self._refusals += 1
            self._until = now + pause
            self.problem = error.message
        self._is_probing = False

    def pause(self, now: float) -> float:
        """Seconds until the next one may try."""
        return max(0.0, self._until - now)

    def answered(self) -> bool:
        """The server works; True when it did not before, and held mail should go on."""
        was_closed = self._refusals > 0
        self._refusals, self._until, self._is_probing, self.problem = 0, 0.0, False, ""
        return was_closed
