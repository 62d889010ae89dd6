"""`hostedpages check-domain` against a real name server, without a database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostedpages.cli.domain import check_domain
from tests import name_servers, zones

ADDRESS = tuple[str, int]
# The command itself; but it waits for the answers of our name server as long as a busy machine
# takes for them.
PATIENT = """
from hostedpages.cli import main
from hostedpages.mail import dns, domain_auth
dns.QUESTION_SECONDS = 60.0
domain_auth.look.__kwdefaults__["seconds"] = 120.0
main()
"""


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if "HOSTEDPAGES" not in name}
    return subprocess.run(
        [sys.executable, "-c", PATIENT, "check-domain", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(Path(__file__).parents[1]), **environ},
        capture_output=True,
        text=True,
    )


def server(address: ADDRESS) -> str:
    return f"{address[0]}:{address[1]}"


def test_a_fine_domain_ends_with_0_and_leaves_nothing_behind(
    name_server: ADDRESS, tmp_path: Path
) -> None:
    done = run(
        tmp_path, "FINE.test.", "--dns", server(name_server), "--include", zones.INCLUDE, "--json"
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each["name"] for each in found] == ["spf", "dkim:lf1", "dmarc", "mx"]
    assert {each["state"] for each in found} == {"fine"}
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_printed_with_the_record_to_publish_and_ends_with_1(
    name_server: ADDRESS, tmp_path: Path
) -> None:
    key = zones.key_pair().public_key
    done = run(
        tmp_path,
        "nothing.test",
        *("--public-key", key, "--selector", "lf1", "--selector", "lf2", "--json"),
        HOSTEDPAGES_DNS_SERVERS=server(name_server),
        HOSTEDPAGES_SPF_INCLUDE=zones.INCLUDE,
    )
    found = {each["name"]: each for each in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert list(found) == ["spf", "dkim:lf1", "dkim:lf2", "dmarc", "mx"]
    assert found["spf"]["value"] == zones.SPF
    assert found["dkim:lf1"]["host"] == "lf1._domainkey.nothing.test"
    assert "".join(found["dkim:lf1"]["strings"]) == zones.record()
    assert [len(each) <= 255 for each in found["dkim:lf1"]["strings"]] == [True, True]

    spoken = run(tmp_path, "nothing.test", "--dns", server(name_server))
    assert "NOT FOUND  SPF" in spoken.stdout
    assert "48 hours" in spoken.stdout


def test_a_domain_that_does_not_exist_is_said_before_its_records(
    name_server: ADDRESS, tmp_path: Path
) -> None:
    done = run(tmp_path, "absent.test", "--dns", server(name_server))

    assert done.returncode == 1
    first, missing, fix = done.stdout.splitlines()[:3]
    assert first == "NOT FOUND  The domain itself"
    assert missing.strip() == "There is no domain absent.test."
    assert fix.strip() == "Fix: Check the spelling, or register it."


@pytest.mark.usefixtures("patient_checks")
@pytest.mark.parametrize("as_json", [True, False])
def test_a_silent_name_server_is_said_once_and_not_blamed_on_the_domain(*, as_json: bool) -> None:
    with name_servers.scripted_dns(name_servers.silence) as silent:
        asked = ["fine.test", "--dns", server(silent.address), *(["--json"] if as_json else [])]
        done = CliRunner().invoke(check_domain, asked)

    assert done.exit_code == 1
    where = server(silent.address)
    words = f"Error: The name server {where} gives no usable answer, so nothing was checked."
    assert done.output.strip() == words


def test_a_name_server_that_only_reports_faults_does_answer() -> None:
    with name_servers.scripted_dns(name_servers.fault) as faulty:
        done = CliRunner().invoke(check_domain, ["fine.test", "--dns", server(faulty.address)])

    assert done.exit_code == 1
    assert "COULD NOT CHECK  SPF" in done.output


@pytest.mark.parametrize(
    "wrong",
    [
        ["localhost"],
        ["db.internal"],
        ["127.0.0.1"],
        ["nonsense"],
        ["a..b.test"],
        ["fine.test", "--dns", "somewhere"],
        ["fine.test", "--dns", "127.0.0.1:99999"],
        ["fine.test", "--selector", "a b"],
        ["fine.test", "--include", "x"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_said_in_a_sentence(wrong: list[str]) -> None:
    done = CliRunner().invoke(check_domain, wrong)
    assert done.exit_code == 2
    assert "Error: Invalid value" in done.output
