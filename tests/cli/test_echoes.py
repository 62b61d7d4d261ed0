"""A mail server that sends back the login has nothing of it shown, whatever ``test`` prints."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CONFIG, Cli
from tests.echoes import ECHOES, FORMS, USER, echoing, surviving
from wizard.text.display import MASK

SECRET = "kQ7#vZ2m-Tr0x!Lp9"


def leaks(shown: str) -> set[str]:
    return {run for form_of in FORMS for run in surviving(shown, form_of(SECRET))}


@pytest.mark.parametrize("echo", ECHOES)
def test_an_echoed_login_is_in_no_output(cli: Cli, echo: str) -> None:
    with echoing(ECHOES[echo]) as endpoint:
        cli.write("config.toml", CONFIG.replace("mail.example.org", endpoint))
        cli.write(".env", f"SMTP_SECRET='{SECRET}'\n")
        for options in ([], ["--json"], ["--transcript"], ["--json", "--transcript"], ["--report"]):
            result = cli("test", "--user", USER, *options)
            assert result.code == 3
            assert leaks(result.out + result.err) == set()
            if "--report" not in options:
                assert MASK in result.out
            if "--json" in options:
                assert MASK in result.json["diagnosis"]["server_said"]
                assert result.json["diagnosis"]["code"] == "auth-rejected"


def test_the_check_of_this_test_sees_an_echo() -> None:
    for name, echo in ECHOES.items():
        shown = "\n".join(f"535-5.7.8 {line}" for line in echo(SECRET))
        assert leaks(shown), name
