"""`hostedpages check-mail`: what it makes of its options, before any server is asked."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hostedpages.cli.mail import check_mail
from tests.scripted_smtp import scripted_smtp


def run(*arguments: str) -> Result:
    return CliRunner().invoke(check_mail, ["--allow-private", *arguments])


def password_file(folder: Path, text: str) -> str:
    file = folder / "password"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "smtp.example.com:587"], "--host: Only the name of the server; the port is"),
        (["--host", "https://x.example/"], "--host: Only the name of the server, such as"),
        (["--host", "not a name"], "--host: This is no name of a server"),
        (["--host", " "], "--host: Give the name of the server"),
        (["--host", "mail.example.com", "--send-to", "nope"], "--send-to: Give one valid email"),
        (["--host", "mail.example.com", "--from", "a@b.test,c@d.test"], "--from: Give one valid"),
    ],
)
def test_what_is_no_host_or_address_is_a_usage_error(options: list[str], words: str) -> None:
    done = run(*options)

    assert done.exit_code == 2
    assert words in done.output


def test_the_host_of_the_mailbox_is_judged_in_the_same_way(tmp_path: Path) -> None:
    signed_in = ["--user", "ann", "--password-file", password_file(tmp_path, "secret\n")]
    done = run("--host", "mail.example.com", *signed_in, "--imap-host", "imap.example.com:993")

    assert done.exit_code == 2
    assert "the port is given with --imap-port" in done.output


@pytest.mark.parametrize("content", ["", "\nsecond line\n", "  \n"])
def test_an_empty_password_is_never_sent(tmp_path: Path, content: str) -> None:
    with scripted_smtp(extensions=["AUTH PLAIN"]) as server:
        where = ["--host", "127.0.0.1", "--port", str(server.port), "--security", "none"]
        file = password_file(tmp_path, content)
        done = run(*where, "--user", "ann", "--password-file", file)
        assert server.connections == 0

    assert done.exit_code == 2
    assert "The first line of the password file is empty." in done.output


def test_it_speaks_of_its_options_and_of_no_button() -> None:
    with scripted_smtp() as server:
        done = run("--host", "127.0.0.1", "--port", str(server.port), "--security", "none")

    assert done.exit_code == 0
    assert "does not check the password: give --user and --password-file" in done.output
    assert "Test login" not in done.output
