"""A client that writes down what it was promised, and a hand that kills processes at random.

The ledger knows which submissions were acknowledged; only it can say whether one was lost.
"""

import http.client
import random
import re
import signal
import subprocess
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from os import kill
from urllib.parse import urlencode, urlsplit

from hostedpages.tokens import random_id

_HIDDEN = re.compile(r'<input type="hidden" name="(_token)" value="([^"]*)"')
_ANSWER_SECONDS = 20


@dataclass
class Ledger:
    """Posts `count` submissions from `clients` threads; repeats each until it is acknowledged."""

    page_url: str
    count: int
    clients: int = 8
    acknowledged: dict[str, str] = field(default_factory=dict)  # key -> where the 303 leads
    troubles: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Return when every submission was acknowledged."""
        waiting = [random_id() for _ in range(self.count)]
        lock = threading.Lock()

        def client() -> None:
            while True:
                with lock:
                    if not waiting:
                        return
                    key = waiting.pop()
                self.acknowledged[key] = self._submit(key)

        threads = [threading.Thread(target=client) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _submit(self, key: str) -> str:
        body = {
            "first_name": "Ann",
            "email": f"lead{zlib.crc32(key.encode())}@example.org",
            "_key": key,
        }
        while True:
            try:
                token = self._token()
                status, location = self._post({**body, "_token": token})
            except (OSError, http.client.HTTPException) as error:
                self.troubles[type(error).__name__] += 1
                time.sleep(0.05)
                continue
            if status == 303:
                return location
            self.troubles[str(status)] += 1
            assert status == 503, f"answered {status}"
            time.sleep(0.1)

    def _token(self) -> str:
        status, _, text = self._request("GET", None)
        found = _HIDDEN.search(text)
        if status != 200 or not found:
            raise http.client.HTTPException(f"no form in the answer {status}")
        return found[2]

    def _post(self, fields: dict[str, str]) -> tuple[int, str]:
        status, location, _ = self._request("POST", urlencode(fields))
        return status, location

    def _request(self, method: str, body: str | None) -> tuple[int, str, str]:
        parts = urlsplit(self.page_url)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS
        )
        try:
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, parts.path, body, kind)
            answer = connection.getresponse()
            # Only an answer that was read to its end is an acknowledgement.
            text = answer.read().decode()
            return answer.status, answer.getheader("Location") or "", text
        finally:
            connection.close()


class Killer:
    """Kills one process of a tree at random, again and again, without warning."""

    def __init__(
        self, root_pid: int, *, seed: int, progress: Callable[[], int], after: tuple[int, int]
    ) -> None:
        """`after` bounds how far `progress` must have come since the last kill: a product that is
        killed while it still starts never gets to what could be lost."""
        self.root_pid = root_pid
        self.kills: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._progress = progress
        self._after = after
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        reached = 0
        while not self._stop.wait(self._random.uniform(0.02, 0.2)):
            if self._progress() < reached:
                continue
            reached = self._progress() + self._random.randint(*self._after)
            victims: dict[str, list[int]] = {}
            for pid, command in processes_below(self.root_pid):
                kind = "worker" if "hostedpages worker" in command else "web"
                victims.setdefault(kind, []).append(pid)
            if victims:
                # The kind first: of web processes there are more.
                kind = self._random.choice(sorted(victims))
                with suppress(ProcessLookupError):
                    kill(self._random.choice(victims[kind]), signal.SIGKILL)
                    self.kills[kind] += 1


def processes_below(root_pid: int) -> list[tuple[int, str]]:
    """Process ids and command lines of all descendants."""
    table = subprocess.run(
        ["ps", "-Ao", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    found: list[tuple[int, str]] = []
    parents = {root_pid}
    while parents:
        below = [(int(row[0]), row[2]) for row in rows if int(row[1]) in parents and len(row) == 3]
        found += below
        parents = {pid for pid, _ in below}
    return found
