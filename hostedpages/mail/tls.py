"""What a server's TLS is worth: its certificate in words, and why it cannot be trusted.

Must never decide to trust: the verdict is OpenSSL's alone. A certificate that was refused is
looked at once more only to say who made it, over a connection that carries nothing.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from hostedpages.mail.errors import MailError, clean_reply
from hostedpages.mail.server import Server

_EXPIRED, _NOT_YET, _SELF_SIGNED, _WRONG_NAME = {10}, {9}, {18, 19}, {62, 64}
_UNKNOWN_ISSUER = {2, 20, 21, 27}
NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}
_TOO_OLD = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person wants to know of a certificate."""

    names: tuple[str, ...]
    issuer: str
    valid_until: datetime

    @classmethod
    def of(cls, der: bytes) -> "Certificate | None":
        """Read the DER form; None when it is no certificate that can be read."""
        try:
            found = x509.load_der_x509_certificate(der)
            return cls(_names(found), _owner(found.issuer), found.not_valid_after_utc)
        except ValueError:
            return None

    def __str__(self) -> str:
        names = ", ".join(self.names[:3]) or "no name"
        more = f" and {len(self.names) - 3} more" if len(self.names) > 3 else ""
        return (
            f"Certificate for {names}{more}; issued by {self.issuer}; "
            f"valid until {self.valid_until:%d %B %Y}."
        )


def tls_error(server: Server, error: ssl.SSLError) -> MailError:
    """The failed handshake as an error that holds mail until somebody mends it."""
    reason, hint = _reason(server, error)
    message = f"The mail server cannot be trusted: {reason}."
    if error.reason in NOT_TLS and server.security == "ssl":
        message = f"The mail server does not speak TLS at port {server.port}."
    return MailError(message, kind="configuration", server=True, held=True, hint=hint)


def unverified() -> ssl.SSLContext:
    """For looking at a certificate that was refused, and for nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(server: Server, error: ssl.SSLError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _why_not(server, error)
    if error.reason in NOT_TLS:
        if server.security == "ssl":
            return (
                "it does not speak TLS at this port",
                f"Port {server.port} is probably meant for STARTTLS: choose STARTTLS, or port 465 "
                "with SSL/TLS.",
            )
        return "its answer to STARTTLS was not TLS", "Ask the provider for port and security."
    if error.reason in _TOO_OLD:
        return (
            "it offers only versions of TLS that are not safe any more",
            "Whoever runs the server must turn on TLS 1.2 or newer.",
        )
    return "no encrypted connection could be agreed on", "Ask the provider for port and security."


def _why_not(server: Server, error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    """Why a certificate is not trusted, and the way out."""
    host, code = server.host, error.verify_code
    mend = "Whoever runs the server must renew it; nothing in these settings helps."
    if code in _EXPIRED:
        return "its certificate has expired", mend
    if code in _NOT_YET:
        return (
            "its certificate is not valid yet",
            "Check the clock of this machine; else whoever runs the server must mend it.",
        )
    if code in _WRONG_NAME:
        return (
            f"its certificate is for another name than {host}",
            "Use the server's name as its provider writes it, one that the certificate names.",
        )
    if code in _SELF_SIGNED:
        return (
            "its certificate is self-signed, so nobody vouches for it",
            "Whoever runs the server must get one of a public authority, or the authority must be "
            "added to this machine.",
        )
    if code in _UNKNOWN_ISSUER:
        return (
            "no authority that this machine trusts stands behind its certificate",
            "Often an intermediate certificate is missing at the server: whoever runs it can mend "
            "it.",
        )
    return (
        f"its certificate is not valid ({clean_reply(error.verify_message)})",
        "Ask whoever runs the server.",
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return (_owner(certificate.subject),)
    if not isinstance(found, x509.SubjectAlternativeName):
        return ()
    names = [
        *found.get_values_for_type(x509.DNSName),
        *(str(each) for each in found.get_values_for_type(x509.IPAddress)),
    ]
    return tuple(clean_reply(each)[:100] for each in names)


def _owner(name: x509.Name) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for each in name.get_attributes_for_oid(oid):
            return clean_reply(str(each.value))[:100]
    return "somebody without a name"
