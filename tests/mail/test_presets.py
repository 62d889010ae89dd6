"""The providers of presets.toml: complete, validated, and their app passwords understood."""

import pytest

from hostedpages.mail.presets import PRESETS, PresetsWrong, clean_password, load

APP_PASSWORD = "abcd efgh ijkl mnop"


def test_the_five_best_known_come_first() -> None:
    assert [each.label for each in PRESETS.values() if each.is_main] == [
        "Custom",
        "Gmail",
        "Outlook / Microsoft 365",
        "iCloud",
        "MS Exchange",
    ]
    assert [each.is_main for each in PRESETS.values()][:6] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("key", "host", "port", "security", "windows"),
    [
        ("gmail", "smtp.gmail.com", 587, "starttls", [(100, 86400)]),
        ("google_workspace", "smtp.gmail.com", 587, "starttls", [(2000, 86400)]),
        ("microsoft365", "smtp.office365.com", 587, "starttls", [(30, 60), (10000, 86400)]),
        ("outlook_com", "smtp-mail.outlook.com", 587, "starttls", [(100, 86400)]),
        ("icloud", "smtp.mail.me.com", 587, "starttls", []),
        ("yahoo", "smtp.mail.yahoo.com", 587, "starttls", [(100, 3600)]),
        ("aol", "smtp.aol.com", 465, "ssl", []),
        ("comcast", "smtp.comcast.net", 587, "starttls", [(1000, 86400)]),
        ("comcast_business", "smtp.comcast.net", 587, "starttls", [(24000, 86400)]),
        ("verizon", "smtp.verizon.net", 465, "ssl", [(500, 3600)]),
        ("att", "smtp.mail.att.net", 465, "ssl", []),
        ("ihostexchange", "smtp.ihostexchange.net", 587, "starttls", []),
        ("godaddy", "smtpout.secureserver.net", 465, "ssl", [(250, 86400)]),
        ("roadrunner", "", 0, "starttls", [(1000, 86400)]),
        ("earthlink", "", 0, "starttls", [(1000, 86400)]),
        ("charter", "", 0, "starttls", [(50, 3600)]),
        ("lunarpages_windows", "", 0, "starttls", [(200, 3600)]),
        ("lunarpages_linux", "", 0, "starttls", [(400, 3600)]),
        ("ipowerweb", "", 0, "starttls", [(500, 3600), (5000, 86400)]),
        ("bluehost", "", 0, "starttls", [(500, 3600)]),
        ("aplus", "", 0, "starttls", [(500, 1800)]),
        ("1and1", "", 0, "starttls", [(1, 60)]),
        ("homestead", "", 0, "starttls", [(10, 1)]),
    ],
)
def test_a_provider_has_its_server_and_its_stated_limits(
    key: str, host: str, port: int, security: str, windows: list[tuple[int, int]]
) -> None:
    preset = PRESETS[key]

    assert (preset.smtp_host, preset.smtp_port, preset.security) == (host, port, security)
    found = [(each["count"], each["seconds"]) for each in preset.limits.get("windows", [])]
    assert found == windows


def test_the_other_kinds_of_limit_are_kept() -> None:
    assert PRESETS["1and1"].limits["pause_seconds"] == 10
    assert PRESETS["aol"].limits["mails_per_connection"] == 500
    assert PRESETS["gmail"].limits["max_bytes"] == 10 * 2**20
    assert PRESETS["custom"].limits == {}
    sizes = {key: each.max_megabytes for key, each in PRESETS.items() if each.max_megabytes}
    assert {"aol": 16, "godaddy": 30, "roadrunner": 5, "aplus": 20, "ipowerweb": 25}.items() <= (
        sizes.items()
    )


def test_limits_are_fresh_at_each_use_so_that_nobody_changes_them_for_all() -> None:
    PRESETS["gmail"].limits["windows"].clear()
    assert PRESETS["gmail"].limits["windows"] == [{"count": 100, "seconds": 86400}]


def test_microsofts_end_of_passwords_is_said() -> None:
    for key in ("microsoft365", "outlook_com"):
        assert "end of 2026" in PRESETS[key].notes
        assert PRESETS[key].provider == "microsoft"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[x]\nlabel = "X"\nsmtp = "no port"', r"\[x\] smtp"),
        ('[x]\nlabel = "X"\nsmtp = "mail.example:6379"', r"\[x\] smtp"),
        ('[x]\nlabel = "X"\nsecurity = "none"', r"\[x\] security"),
        ('[x]\nlabel = "X"\nwindows = [[0, 60]]', r"\[x\] windows"),
        ('[x]\nlabel = "X"\nwindows = [[1, 60], [2, 60]]', r"\[x\] windows"),
        ('[x]\nlabel = "X"\nlimit = 3', r"\[x\] limit"),
        ("[x]", r"\[x\] label"),
        ("x = 1", r"\[x\]"),
        ("[x", "presets.toml"),
    ],
)
def test_a_wrong_row_is_named(text: str, words: str) -> None:
    with pytest.raises(PresetsWrong, match=words):
        load(text)


@pytest.mark.parametrize(
    "typed", [APP_PASSWORD, f" {APP_PASSWORD}\n", APP_PASSWORD.replace(" ", "\xa0")]
)
def test_app_password_pasted_with_spaces_works(typed: str) -> None:
    assert clean_password(typed, preset="gmail") == "abcdefghijklmnop"
    assert clean_password(typed, host="SMTP.mail.yahoo.com") == "abcdefghijklmnop"


@pytest.mark.parametrize(
    "password",
    ["abcd efgh ijkl", "abcdefgh ijklmnop", "correct horse", "abcd  efgh ijkl mnop"],
)
def test_any_other_password_stays_as_typed(password: str) -> None:
    assert clean_password(password, preset="gmail") == password


def test_no_app_password_begins_or_ends_with_a_space() -> None:
    assert clean_password(" abcdefghijklmnop ", preset="gmail") == "abcdefghijklmnop"
    assert clean_password(" abcd ", preset="custom") == " abcd "


@pytest.mark.parametrize("preset", ["custom", "exchange", "godaddy", "unknown", ""])
def test_spaces_may_belong_to_the_password_of_another_provider(preset: str) -> None:
    assert clean_password(APP_PASSWORD, preset=preset, host="mail.example") == APP_PASSWORD
