"""Domains with faults, each as the zone file of a real name server with the verdict it deserves.

All names are under `test`, which is served too, so that a missing name is really missing.
"""

import base64
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hostedpages.mail import dkim
from hostedpages.mail.dkim import KeyPair, split

INCLUDE = "_spf.sender.test"  # the SPF name of the installation: two look-ups with its own
SPF = f"v=spf1 include:{INCLUDE} ~all"
MISSING = "absent.test"
FINE = {"spf": "fine", "dkim:lf1": "fine", "dmarc": "fine", "mx": "fine"}


@cache
def key_pair() -> KeyPair:
    """The pair that every zone publishes at lf1 unless its fault is another one."""
    return dkim.new_key_pair()


@cache
def public_key_of(bits: int) -> str:
    """The public half of some other key."""
    # Too short for the library to make, but not to write down: only the length matters.
    if bits < 1024:
        numbers = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 0x10001)
        return _base64(numbers.public_key())
    return _base64(rsa.generate_private_key(65537, bits).public_key())


def _base64(key: rsa.RSAPublicKey) -> str:
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


@dataclass
class Case:
    """One faulty domain. What is not said is as it should be; `expected` names what is not fine."""

    name: str
    expected: dict[str, str] = field(default_factory=dict)  # finding -> state
    words: tuple[str, ...] = ()  # that stand in detail or fix of what is not fine
    value: str | None = None  # the record to publish for the first finding that is not fine
    spf: str | list[str] = SPF
    lf1: str | list[str] | None = None  # None: the right key
    dmarc: str | list[str] = "v=DMARC1; p=none"
    mx: str = "10 mail"
    more: list[str] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"{self.name}.test"

    @property
    def verdicts(self) -> dict[str, str]:
        return FINE | self.expected

    def zone(self) -> str:
        """The zone file."""
        key = record() if self.lf1 is None else self.lf1
        lines = [f"@ TXT {txt(each)}" for each in _several(self.spf)]
        lines += [f"lf1._domainkey TXT {txt(each)}" for each in _several(key)]
        lines += [f"_dmarc TXT {txt(each)}" for each in _several(self.dmarc)]
        lines += [f"@ MX {self.mx}"] if self.mx else []
        return zone(self.domain, *lines, *self.more)


def record() -> str:
    """The DKIM record that is expected at lf1."""
    return dkim.record_value(key_pair().public_key)


def txt(value: str) -> str:
    """A TXT value as zone files write it, in strings of at most 255 characters."""
    return " ".join(_quoted(part) for part in split(value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _several(value: str | list[str]) -> list[str]:
    return [each for each in ([value] if isinstance(value, str) else value) if each]


def zone(name: str, *lines: str) -> str:
    """A zone file: SOA, NS, and these lines, whose names are relative to the zone."""
    head = [f"$ORIGIN {name}.", "$TTL 60", "@ SOA ns root 1 60 60 60 60", "@ NS ns"]
    return "\n".join([*head, "ns A 127.0.0.1", "mail A 192.0.2.1", *lines, ""])


def all_zones() -> dict[str, str]:
    """Name of the zone -> its file."""
    ours = [
        f"_spf TXT {txt('v=spf1 ip4:192.0.2.0/28 a:mail.sender.test -all')}",
        f"_broken TXT {txt('hello')}",
        f"_big TXT {BIG}",
    ]
    found = {"test": zone("test"), "sender.test": zone("sender.test", *ours)}
    return found | {each.domain: each.zone() for each in cases()}


BIG = " ".join(_quoted("x" * 250) for _ in range(240))  # 60 kB
_WRONG, _NONE = "wrong", "not_found"
_NO_PROOF = {"dkim:lf1": _NONE, "spf": _NONE}


def _a_lines(count: int) -> list[str]:
    return [f"h{number} A 192.0.2.{number + 1}" for number in range(count)]


def _a_terms(count: int, domain: str) -> str:
    return " ".join(f"a:h{number}.{domain}" for number in range(count))


def _chain(length: int, domain: str) -> list[str]:
    """i1 includes i2 includes i3 ...: the last one needs nobody."""
    lines = [f"i{n} TXT {txt(f'v=spf1 include:i{n + 1}.{domain} -all')}" for n in range(1, length)]
    return [*lines, f"i{length} TXT {txt('v=spf1 ip4:192.0.2.1 -all')}"]


@cache
def cases() -> list[Case]:
    """Every faulty domain, and three that are not."""
    return [*_whole(), *_spf_cases(), *_dkim_cases(), *_dmarc_cases(), *_mx_cases()]


def _whole() -> list[Case]:
    return [
        Case("fine"),
        Case(
            "nothing",
            {"spf": _NONE, "dkim:lf1": _NONE, "dmarc": _NONE, "mx": "fine"},
            ("has no SPF record", "Publish this TXT record"),
            SPF,
            spf="",
            lf1="",
            dmarc="",
            mx="",
            more=["@ A 192.0.2.7"],
        ),
        Case(
            "many-strings",
            spf="",
            more=["@ TXT " + " ".join(f'"{letter}"' for letter in SPF)],
        ),
        Case(
            "aliases",
            lf1="",
            more=[
                "lf1._domainkey CNAME one.keys",
                "one.keys CNAME two.keys",
                f"two.keys TXT {txt(record())}",
            ],
        ),
    ]


def _spf_cases() -> list[Case]:
    many = " ".join(f"include:s{number}.many.test" for number in range(200))
    return [
        Case(
            "two-records",
            {"spf": _WRONG},
            ("2 SPF records", "Only one is allowed", "Delete all of them"),
            f"v=spf1 include:{INCLUDE} ip4:198.51.100.0/24 ~all",
            spf=[SPF, "v=spf1 ip4:198.51.100.0/24 -all"],
        ),
        Case(
            "without-us",
            {"spf": _WRONG},
            ("does not name our servers", "Do not add a second"),
            f"v=spf1 mx ip4:198.51.100.0/24 include:{INCLUDE} -all",
            spf="v=spf1 mx ip4:198.51.100.0/24 -all",
        ),
        Case(
            "neutral",
            {"spf": _WRONG},
            value=f"v=spf1 a include:{INCLUDE} ?all",
            spf="v=spf1 a ?all",
            more=["@ A 192.0.2.3"],
        ),
        Case(
            "redirects",
            {"spf": _WRONG},
            value=f"v=spf1 include:{INCLUDE} redirect=_else.redirects.test",
            spf="v=spf1 redirect=_else.redirects.test",
            more=[f"_else TXT {txt('v=spf1 ip4:192.0.2.1 -all')}"],
        ),
        Case(
            "open",
            {"spf": _WRONG},
            ("every server in the world",),
            f"v=spf1 include:{INCLUDE} ~all",
            spf=f"v=spf1 include:{INCLUDE} +all",
        ),
        Case(
            "loop",
            {"spf": _WRONG},
            ("includes itself: a.loop.test → b.loop.test → a.loop.test", "leaves out"),
            SPF,
            spf=f"v=spf1 include:a.loop.test include:{INCLUDE} ~all",
            more=[
                f"a TXT {txt('v=spf1 include:b.loop.test -all')}",
                f"b TXT {txt('v=spf1 include:a.loop.test -all')}",
            ],
        ),
        Case(
            "many",
            {"spf": _WRONG},
            ("at least 200 look-ups", "Receivers stop at 10"),
            "",
            spf=f"v=spf1 {many} -all",
        ),
        Case(
            "eleventh",
            {"spf": _WRONG},
            ("needs 9 of 10 look-ups", "an 11th", "Free 1 look-up first"),
            "",
            spf=f"v=spf1 {_a_terms(9, 'eleventh.test')} ~all",
            more=_a_lines(9),
        ),
        Case(
            "tenth",
            {"spf": _WRONG},
            ("does not name our servers",),
            f"v=spf1 {_a_terms(8, 'tenth.test')} include:{INCLUDE} ~all",
            spf=f"v=spf1 {_a_terms(8, 'tenth.test')} ~all",
            more=_a_lines(8),
        ),
        Case(
            "deep",
            {"spf": _WRONG},
            ("at least 11 look-ups", "Free at least 1 look-up first"),
            "",
            spf="v=spf1 include:i1.deep.test -all",
            more=_chain(14, "deep.test"),
        ),
        Case(
            "voids",
            {"spf": _WRONG},
            ("hosts that do not exist", "leaves out"),
            f"v=spf1 include:{INCLUDE} ~all",
            spf=f"v=spf1 a:x.voids.test a:y.voids.test mx:z.voids.test include:{INCLUDE} ~all",
        ),
        Case(
            "dead-include",
            {"spf": _WRONG},
            (f"leads to {MISSING}, which does not exist", f"leaves out “include:{MISSING}”"),
            f"v=spf1 ip4:192.0.2.4 include:{INCLUDE} ~all",
            spf=f"v=spf1 include:{MISSING} ip4:192.0.2.4 include:{INCLUDE} ~all",
        ),
        Case(
            "inside",
            {"spf": _WRONG},
            ("db.internal, which is not a public name",),
            SPF,
            spf=f"v=spf1 include:db.internal include:{INCLUDE} ~all",
        ),
        Case(
            "mistyped",
            {"spf": _WRONG},
            ("“ip4:300.1.2.3” is no address", "Correct that part"),
            "",
            spf=f"v=spf1 ip4:300.1.2.3 include:{INCLUDE} ~all",
        ),
        Case(
            "big",
            {"spf": _WRONG},
            ("more than 16 kB", "Delete the TXT records"),
            "",
            spf="",
            more=[f"@ TXT {BIG}"],
        ),
        Case("macros", spf=f"v=spf1 exists:%{{i}}._s.macros.test include:{INCLUDE} ~all"),
        Case("shouting", spf=f"V=SPF1 INCLUDE:{INCLUDE.upper()} ~ALL"),
        Case(
            "other-text",
            more=['@ TXT "google-site-verification=abc"', '@ TXT "v=spf10 nonsense"'],
        ),
    ]


def _dkim_cases() -> list[Case]:
    key = record()
    first, second = split(key)
    return [
        Case("no-key", {"dkim:lf1": _NONE}, ("no record at lf1._domainkey",), key, lf1=""),
        Case(
            "revoked",
            {"dkim:lf1": _WRONG},
            ("revoked", "“p=” is empty"),
            key,
            lf1="v=DKIM1; k=rsa; p=",
        ),
        Case(
            "short-key",
            {"dkim:lf1": _WRONG},
            ("512 bits", "receivers refuse it"),
            key,
            lf1=f"v=DKIM1; k=rsa; p={public_key_of(512)}",
        ),
        Case(
            "weak-key",
            {"dkim:lf1": _WRONG},
            ("1024 bits", "too weak"),
            key,
            lf1=f"v=DKIM1; k=rsa; p={public_key_of(1024)}",
        ),
        Case(
            "other-key",
            {"dkim:lf1": _WRONG},
            ("another key than ours", "Delete the record"),
            key,
            lf1=f"v=DKIM1; k=rsa; p={public_key_of(2048)}",
        ),
        Case(
            "cut-key",
            {"dkim:lf1": _WRONG},
            ("cut off", "must be split"),
            key,
            lf1=first,
        ),
        Case(
            "two-halves",
            {"dkim:lf1": _WRONG},
            ("published as 2 records", "strings of the same record"),
            key,
            lf1=[first, second],
        ),
        Case(
            "quoted-key",
            {"dkim:lf1": _WRONG},
            ("Quotation marks became part",),
            key,
            lf1=f'{first}" "{second}',
        ),
        Case(
            "damaged-key",
            {"dkim:lf1": _WRONG},
            ("damaged",),
            key,
            lf1=key.replace("MIIB", "MIB"),
        ),
        Case("blanks-in-key", lf1=f"{first} {second}".replace("k=rsa;", "k = rsa ;")),
        Case(
            "only-testing",
            {"dkim:lf1": _WRONG},
            ("only tests", "Take “t=y” out"),
            key,
            lf1=key.replace("k=rsa;", "k=rsa; t=y;"),
        ),
        Case(
            "two-keys",
            {"dkim:lf1": _WRONG},
            ("2 keys", "Delete all but the right one"),
            key,
            lf1=[key, f"v=DKIM1; k=rsa; p={public_key_of(2048)}"],
        ),
        Case(
            "wildcard",
            {"dkim:lf1": _NONE},
            ("no DKIM key",),
            key,
            lf1="",
            more=[f"* TXT {txt('v=spf1 -all')}"],
        ),
        Case(
            "doubled",
            {"dkim:lf1": _NONE},
            ("the domain was added twice", "Enter only “lf1._domainkey”"),
            key,
            lf1="",
            more=[f"lf1._domainkey.doubled.test TXT {txt(key)}"],
        ),
    ]


def _dmarc_cases() -> list[Case]:
    return [
        Case("no-policy", {"dmarc": _NONE}, ("has no DMARC record",), "v=DMARC1; p=none", dmarc=""),
        Case(
            "two-policies",
            {"dmarc": _WRONG},
            ("2 DMARC records", "Delete all of them"),
            "v=DMARC1; p=none",
            dmarc=["v=DMARC1; p=none", "v=DMARC1; p=reject"],
        ),
        Case(
            "mistyped-policy",
            {"dmarc": _WRONG},
            ("“p=quarantaine” is none of", "in its place"),
            "v=DMARC1; p=none; rua=mailto:d@example.com",
            dmarc="v=DMARC1; p=quarantaine; rua=mailto:d@example.com",
        ),
        Case(
            "small-letters",
            {"dmarc": _WRONG},
            ("must begin with “v=DMARC1;”",),
            "v=DMARC1; p=reject",
            dmarc="v=dmarc1; p=reject",
        ),
        Case(
            "quarantine",
            _NO_PROOF | {"dmarc": _WRONG},
            ("into the spam folder", "not proven yet", "Publish the DKIM record first"),
            spf="",
            lf1="",
            dmarc="v=DMARC1; p=quarantine",
        ),
        Case("strict", dmarc="v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:d@strict.test"),
    ]


def _mx_cases() -> list[Case]:
    return [
        Case("no-mail", {"mx": _WRONG}, ("takes no mail at all",), mx="0 ."),
        Case(
            "lost-mail", {"mx": _WRONG}, ("gone.lost-mail.test, which has no address",), mx="5 gone"
        ),
        Case("no-mx", {"mx": _NONE}, ("nobody can answer",), mx=""),
    ]
