"""The two sides of a TLS connection on the loopback, with certificates of an authority of our own.

Must never be trusted outside of tests.
"""

import socket
import ssl
import traceback

import trustme


def server_side(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """Shows a certificate of this authority for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def client_side(authority: trustme.CA) -> ssl.SSLContext:
    """Trusts this authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def encrypted(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """The server's side of a connection, encrypted. Raises OSError when the client is gone."""
    connection.getpeername()
    try:
        return context.wrap_socket(connection, server_side=True)
    except OSError as error:
        _close_lost(error)
        raise


def _close_lost(error: OSError) -> None:
    """Python loses the socket, unclosed, when it is the one to find out that the client is gone."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        lost = frame.f_locals.get("self")
        if isinstance(lost, ssl.SSLSocket):
            lost.close()
