"""A test of a server that is broken off, as by a closed browser, leaves nothing open."""

import asyncio
import contextlib
import gc
import ssl
import warnings

import pytest
import trustme

from hostedpages.mail.checks import check_send
from hostedpages.mail.server import Server
from tests.certificates import client_side, server_side
from tests.scripted_smtp import scripted_smtp

TURNS = 70  # of the event loop: about as many as the whole test takes


@pytest.mark.parametrize("security", ["none", "starttls", "ssl"])
def test_a_test_broken_off_at_any_moment_leaves_no_connection(
    authority: trustme.CA, security: str
) -> None:
    with (
        scripted_smtp(
            extensions=["PIPELINING", "STARTTLS", "AUTH PLAIN"],
            tls=server_side(authority),
            is_implicit_tls=security == "ssl",
        ) as smtp,
        warnings.catch_warnings(record=True) as said,
    ):
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
        said.clear()  # of what earlier tests left open
        server = Server("127.0.0.1", smtp.port, security, "ann", "secret", allow_private=True)
        asyncio.run(break_off_after_each_turn(server, client_side(authority)))
        gc.collect()
    # An `SSLSocket` is the server's, which may lose one that is cut before its handshake.
    left = [str(each.message) for each in said if "SSLSocket" not in str(each.message)]
    assert left == []


async def break_off_after_each_turn(server: Server, trusted: ssl.SSLContext) -> None:
    async def test() -> None:
        steps = check_send(
            server, mail_from="Ann <ann@example.com>", to="me@example.org", tls_context=trusted
        )
        async for _ in steps:
            pass

    for turns in range(TURNS):
        task = asyncio.create_task(test())
        for _ in range(turns):
            await asyncio.sleep(0.0001)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
