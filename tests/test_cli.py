"""The `hostedpages` command, as an operator types it."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from hostedpages import db
from hostedpages.cli import main
from hostedpages.supervisor import ROOT

COMMANDS = (
    "",
    "serve",
    "web",
    "worker",
    "migrate",
    "demo",
    "doctor",
    "check-mail",
    "check-domain",
    "rotate-keys",
    "user",
    "user add",
    "user list",
    "user archive",
    "user link",
    "page",
    "page import",
    "page export",
    "page schema",
    "submission",
    "submission export",
    "delivery",
    "delivery list",
)
DEMO_PAGE = ROOT / "hostedpages" / "demo_page.json"


@dataclass(frozen=True)
class Done:
    stdout: bytes
    stderr: bytes


class Shell:
    """Runs the command on one data folder; in this process, which has read the source already."""

    def __init__(
        self, data: Path, patch: pytest.MonkeyPatch, output: pytest.CaptureFixture[bytes]
    ) -> None:
        for name in [name for name in os.environ if name.startswith("HOSTEDPAGES_")]:
            patch.delenv(name)
        patch.setenv("HOSTEDPAGES_DATA_DIR", str(data))
        self._patch = patch
        self._output = output

    def __call__(self, *words: str, code: int = 0, typed: bytes = b"", **variables: str) -> Done:
        with self._patch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["hostedpages", *words])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
            self._output.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
        done = Done(*self._output.readouterr())
        assert (end.value.code or 0) == code, done.stderr.decode()
        return done


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Shell]:
    yield Shell(tmp_path / "data", monkeypatch, capsysbinary)
    with suppress(RuntimeError):  # a command that needs no database
        db.engine().dispose()


def in_a_process(data: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the command as a terminal does."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")}
    environ["HOSTEDPAGES_DATA_DIR"] = str(data)
    command = [sys.executable, "-m", "hostedpages", *words]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo account, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    assert in_a_process(folder, "demo").returncode == 0
    return folder


@pytest.fixture
def demo(demo_data: Path, tmp_path: Path, shell: Shell) -> Shell:
    shutil.copytree(demo_data, tmp_path / "data")
    return shell


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_full_sentences(shell: Shell, command: str) -> None:
    text = shell(*command.split(), "--help").stdout.decode()
    described = text.split("\n\n")[1].strip()
    assert described[0].isupper()
    assert described.endswith(".")


def test_the_demo_prints_a_one_time_link_and_the_page(shell: Shell) -> None:
    printed = shell("demo").stdout.decode()
    assert "/sign-in/link/" in printed
    assert "/p/demo/free-roof-estimate" in printed
    assert "mail" in printed


def test_a_page_goes_out_and_in_and_out_with_the_same_bytes(demo: Shell, tmp_path: Path) -> None:
    first = demo("page", "export", "free-roof-estimate", "--account", "demo").stdout
    file = tmp_path / "page.json"
    file.write_bytes(first)
    answer = json.loads(demo("page", "import", str(file), "--account", "demo").stdout)
    assert answer["version"] == 1
    assert demo("page", "export", "free-roof-estimate", "--account", "demo").stdout == first


def test_an_import_tells_the_addresses_and_the_version(demo: Shell) -> None:
    document = json.loads(DEMO_PAGE.read_text()) | {"name": "Another", "slug": "another"}
    done = demo(
        "page", "import", "-", "--account", "demo", "--publish", typed=json.dumps(document).encode()
    )
    answer = json.loads(done.stdout)
    assert set(answer) == {"public_id", "url", "embed_url", "version"}
    assert answer["url"].endswith("/p/demo/another")
    assert answer["embed_url"].endswith(f"/f/{answer['public_id']}")
    assert answer["version"] == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"elements": [{"kind": "field", "requird": True}]}, "elements[0]"),
        ({"options": {"action_plan": "No such plan"}}, "options.action_plan"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_broken_page_file_is_refused_with_the_path(
    demo: Shell, change: dict[str, object], expected: str
) -> None:
    document = json.loads(DEMO_PAGE.read_text()) | {"name": "B", "slug": "broken"} | change
    done = demo(
        "page", "import", "-", "--account", "demo", code=1, typed=json.dumps(document).encode()
    )
    assert expected in done.stderr.decode()
    assert done.stdout == b""


def test_the_schema_of_a_page_file_is_json(shell: Shell) -> None:
    schema = json.loads(shell("page", "schema").stdout)
    assert "elements" in schema["properties"]


def test_a_taken_address_leaves_no_account_behind(demo: Shell) -> None:
    first = ("user", "add", "--account", "first", "--email", "taken@example.com")
    again = ("user", "add", "--account", "second", "--email", "taken@example.com")
    demo(*first, "--new-account", "First")
    refused = demo(*again, "--new-account", "Second", code=1)
    assert b"This address is a user already" in refused.stderr

    assert demo("user", "list", "--account", "second", code=1).stdout == b""
    demo("user", "add", "--account", "second", "--email", "new@example.com", "--new-account", "Two")


def test_users_are_added_listed_linked_and_archived(demo: Shell) -> None:
    account = ("--account", "demo")
    link = demo("user", "add", *account, "--email", "Sue@Example.com", "--role", "admin").stdout
    assert b"/sign-in/link/" in link
    listed = demo("user", "list", *account).stdout.decode().splitlines()
    assert {json.loads(line)["email"] for line in listed} == {
        "owner@example.com",
        "sue@example.com",
    }
    assert b"/sign-in/link/" in demo("user", "link", *account, "--email", "sue@example.com").stdout
    demo("user", "archive", *account, "--email", "sue@example.com")
    refused = demo("user", "link", *account, "--email", "sue@example.com", code=1)
    assert b"archived" in refused.stderr


def test_submissions_and_deliveries_are_listed(demo: Shell) -> None:
    page = ("--page", "free-roof-estimate", "--account", "demo")
    exported = demo("submission", "export", *page, "--format", "csv").stdout.decode("utf-8-sig")
    assert "first_name" in exported.splitlines()[0]
    assert demo("submission", "export", *page, "--format", "jsonl").stdout == b""
    assert demo("delivery", "list", "--account", "demo").stdout == b""


@pytest.mark.parametrize(
    "words",
    [
        ("user", "list", "--account", "nobody"),
        ("page", "export", "nothing", "--account", "demo"),
        ("submission", "export", "--account", "demo", "--page", "nothing"),
        ("user", "add", "--account", "demo", "--email", "not an address"),
    ],
)
def test_what_does_not_exist_is_said_in_a_sentence(demo: Shell, words: tuple[str, ...]) -> None:
    done = demo(*words, code=1)
    assert done.stderr.decode().startswith("Error: ")
    assert done.stdout == b""


def test_a_word_that_is_not_utf_8_is_refused_in_a_sentence(demo_data: Path) -> None:
    done = in_a_process(demo_data, "page", "export", os.fsdecode(b"\xff"), "--account", "demo")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("Error: ")


def test_an_unknown_setting_is_an_error(shell: Shell) -> None:
    done = shell("migrate", code=2, HOSTEDPAGES_SMPT_URL="smtp://x")
    assert b"HOSTEDPAGES_SMPT_URL" in done.stderr


def test_a_database_out_of_reach_is_a_sentence_without_its_password(shell: Shell) -> None:
    url = "postgresql+psycopg://user:canary-secret@127.0.0.1:1/none"
    done = shell("migrate", code=1, HOSTEDPAGES_DATABASE_URL=url)
    assert b"canary-secret" not in done.stderr
    assert b"doctor" in done.stderr


def test_the_doctor_names_what_is_wrong_and_the_way_out(demo: Shell) -> None:
    done = demo("doctor", code=1)
    lines = done.stdout.decode().splitlines()
    assert any(line.startswith("problem  worker") for line in lines)
    assert any("hostedpages worker" in line for line in lines)
    assert any(line.startswith("fine     database") for line in lines)


@pytest.mark.parametrize(
    "setting",
    [
        {"HOSTEDPAGES_SMTP_URL": "smtp://user:canary-secret@host:abc"},
        {"HOSTEDPAGES_MAIL_FROM": "nobody"},
    ],
)
def test_the_doctor_sees_mail_that_cannot_leave(demo: Shell, setting: dict[str, str]) -> None:
    done = demo("doctor", code=1, **setting)
    lines = done.stdout.decode().splitlines()
    assert any(line.startswith("problem  mail") and next(iter(setting)) in line for line in lines)
    assert b"canary-secret" not in done.stdout + done.stderr


def test_the_doctor_sees_tables_of_another_version(shell: Shell) -> None:
    done = shell("doctor", code=1)
    assert "hostedpages migrate" in done.stdout.decode()
