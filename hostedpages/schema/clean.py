"""Cleaners for what visitors type: phone, names, state, postal code, numbers, dates, email.

Each is linear in its input and raises nothing but ValueError with words for people. Must never
use int(), float() or isdigit() on raw text: those accept `1_000`, `0x10`, `1e308` and `²`.
"""

import re
from contextlib import suppress
from datetime import date

import email_validator
import idna
import phonenumbers

from hostedpages.schema.places import COUNTRIES, STATES

EMAIL_MESSAGE = "Please enter a valid email address."
PHONE_MESSAGE = "Please enter a 10-digit phone number."
FOREIGN_PHONE_MESSAGE = (
    "Please enter the whole phone number with its country code, such as +44 20 7946 0958."
)
NUMBER_MESSAGE = "Please enter a number such as 1,250.50."
DATE_MESSAGE = "Please enter a date as year-month-day, such as 2026-05-31."
TIME_MESSAGE = "Please enter a time such as 14:30."
STATE_MESSAGE = "Please enter a state or province, such as UT or Utah."
COUNTRY_MESSAGE = "Please choose a country from the list."
POSTAL_CODE_MESSAGE = "Please enter a ZIP code such as 84101, or a postal code such as K1A 0B1."

MAX_EMAIL = 254
# Zero-width and direction marks: invisible in an address, so two people could look the same.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_DECIMAL = re.compile(r"(-)?\$? ?([+-])?([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})?(?:\.([0-9]*))?")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ISO_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]{1,6})?)?")
_CLOCK_TIME = re.compile(r"(0?[1-9]|1[0-2])(?::([0-5][0-9]))?[ ]?([AaPp])\.?[Mm]\.?")
_ZIP = re.compile(r"([0-9]{5})(?:[- ]?([0-9]{4}))?")
_CANADIAN = re.compile(r"([A-Z][0-9][A-Z])[ -]?([0-9][A-Z][0-9])")
_STATES_BY_NAME = {name.lower(): code for code, name in STATES.items()}
_COUNTRIES_BY_NAME = {name.lower(): code for code, name in COUNTRIES.items()}


def collapse(text: str) -> str:
    """Trim, and make every run of white space one space."""
    return " ".join(text.split())


def split_name(full_name: str) -> tuple[str, str]:
    """First and last name, split at the first space; the last name may be empty."""
    first, _, last = collapse(full_name).partition(" ")
    return first, last


def email(text: str) -> str:
    """Exactly one address of at most 254 characters, as typed but for invisible characters.

    The domain is not looked up. Domains under `.test` are accepted, other reserved ones are
    not. Raises ValueError.
    """
    text = _INVISIBLE.sub("", text.strip())
    # Longer text is not even parsed; a leading dash could become an option of a mail program.
    if len(text) > MAX_EMAIL or text.startswith("-"):
        raise ValueError(EMAIL_MESSAGE)
    try:
        found = email_validator.validate_email(
            text, check_deliverability=False, test_environment=True
        )
    except (email_validator.EmailNotValidError, UnicodeError) as error:
        raise ValueError(EMAIL_MESSAGE) from error
    address = text if text.isascii() else found.normalized
    if len(address.encode()) > MAX_EMAIL:
        raise ValueError(EMAIL_MESSAGE)
    return address


def email_key(address: str) -> str:
    """The form of an address that is compared: lower case, domain in ASCII; "" when unusable."""
    address = address.strip()
    if not address or len(address) > 4 * MAX_EMAIL:
        return ""
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}{at}{domain}".lower()


def phone(text: str) -> str:
    """E.164. Ten digits (or eleven with a leading 1) are US or Canada; `+` names a country."""
    text = text.strip()
    if len(text) > 50 or any(each.isalpha() for each in text):
        raise ValueError(PHONE_MESSAGE)
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith("+") and not digits.startswith("1"):
        try:
            number = phonenumbers.parse(f"+{digits}")
        except phonenumbers.NumberParseException as error:
            raise ValueError(FOREIGN_PHONE_MESSAGE) from error
        if not phonenumbers.is_possible_number(number):
            raise ValueError(FOREIGN_PHONE_MESSAGE)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(digits) == 11:
        digits = digits.removeprefix("1")
    if len(digits) != 10:
        raise ValueError(PHONE_MESSAGE)
    return f"+1{digits}"


def phone_text(number: str) -> str:
    """An E.164 number as people read it: `(801) 555-0123`, or `+44 20 7946 0958`."""
    if re.fullmatch(r"\+1[0-9]{10}", number):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    if not re.fullmatch(r"\+[0-9]{5,15}", number):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def decimal(text: str) -> str:
    """A plain decimal (`-1250.50`) of what people type (`$10,000.50`). Raises ValueError.

    At most 15 digits before and 6 after the point.
    """
    text = text.strip().replace("\u2212", "-")
    found = _DECIMAL.fullmatch(text) if len(text) <= 40 else None
    if not found or not (found[3] or found[4]) or (found[1] and found[2]):
        raise ValueError(NUMBER_MESSAGE)
    whole = (found[3] or "0").replace(",", "").lstrip("0") or "0"
    after = found[4] or ""
    if len(after) > 6:
        raise ValueError("Please enter a number with at most 15 digits and 6 decimals.")
    number = f"{whole}.{after}" if after else whole
    is_negative = "-" in (found[1], found[2]) and number.strip("0.") != ""
    return f"-{number}" if is_negative else number


def iso_date(text: str) -> str:
    """`YYYY-MM-DD`, a day that exists. Raises ValueError."""
    found = _ISO_DATE.fullmatch(text.strip())
    if not found:
        raise ValueError(DATE_MESSAGE)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError as error:
        raise ValueError(DATE_MESSAGE) from error


def iso_time(text: str) -> str:
    """`HH:MM` on a 24-hour clock, of `14:30`, `14:30:00` or `2:30 PM`. Raises ValueError."""
    text = text.strip()
    found = _ISO_TIME.fullmatch(text)
    if found:
        return f"{found[1]}:{found[2]}"
    found = _CLOCK_TIME.fullmatch(text)
    if not found:
        raise ValueError(TIME_MESSAGE)
    hour = int(found[1]) % 12 + (12 if found[3] in "Pp" else 0)
    return f"{hour:02d}:{found[2] or '00'}"


def state(text: str) -> str:
    """The two-letter code of a US state or territory or a Canadian province, by code or name."""
    text = collapse(text)
    if text.upper() in STATES:
        return text.upper()
    code = _STATES_BY_NAME.get(text.lower())
    if code is None:
        raise ValueError(STATE_MESSAGE)
    return code


def country(text: str) -> str:
    """The ISO 3166 two-letter code of a country, by code or English name."""
    text = collapse(text)
    if text.upper() in COUNTRIES:
        return text.upper()
    code = _COUNTRIES_BY_NAME.get(text.lower())
    if code is None:
        raise ValueError(COUNTRY_MESSAGE)
    return code


def postal_code(text: str) -> str:
    """`#####`, `#####-####` (US) or `A#A #A#` (Canada). Raises ValueError."""
    text = text.strip().upper()
    found = _ZIP.fullmatch(text)
    if found:
        return f"{found[1]}-{found[2]}" if found[2] else found[1]
    found = _CANADIAN.fullmatch(text)
    if not found:
        raise ValueError(POSTAL_CODE_MESSAGE)
    return f"{found[1]} {found[2]}"
