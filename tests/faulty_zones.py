"""Domains with faults, each with the verdict and the fix that it deserves.

All names are under `test`, which is served too, so that a missing name is really missing.
"""

from functools import cache

from hostedpages.mail.dkim import split
from tests.zones import INCLUDE, SPF, Case, public_key_of, quoted, record, txt, zone

MISSING = "absent.test"
BIG = " ".join(quoted("x" * 250) for _ in range(240))  # 60 kB
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


def all_zones() -> dict[str, str]:
    """Name of the zone -> its file."""
    ours = [
        f"_spf TXT {txt('v=spf1 ip4:192.0.2.0/28 a:mail.sender.test -all')}",
        f"_broken TXT {txt('hello')}",
        f"_big TXT {BIG}",
    ]
    found = {"test": zone("test"), "sender.test": zone("sender.test", *ours)}
    return found | {each.domain: each.zone() for each in cases()}


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
