"""Broken layouts, each found at its place; and the vendor's own, where nothing is found."""

from __future__ import annotations

import shutil

import pytest

from tests.check import vendors
from tests.check.conftest import Check
from tests.check.vendors import COMPOSE, CONFIG, ENV, PROXY, PROXY_CONFIG, compose, standalone
from wizard.check.rules import check_all

TOML = "bomnipotent_config/config.toml"
INNER_ENV = "bomnipotent_config/.env"
YAML = "compose.yaml"
PASSED = "      SMTP_SECRET: ${SMTP_SECRET}\n"
LONG_MOUNT = """\
      - type: bind
        source: ./bomnipotent_config
        target: /etc/bomnipotent_server/configs/
        read_only: true
"""


def line_of(text: str, part: str) -> int:
    """Return the 1-based line of the only place where ``part`` stands."""
    assert text.count(part) == 1, part
    return text.count("\n", 0, text.index(part)) + 1


@pytest.mark.parametrize(
    "files",
    [compose(), compose(PROXY, PROXY_CONFIG), standalone()],
    ids=["compose", "compose with proxy", "standalone"],
)
def test_nothing_is_found_on_the_vendors_own_layouts(check: Check, files: dict[str, str]) -> None:
    assert check.layout(files) == ()


SMTP_LINE = line_of(CONFIG, "[smtp]")
SECRET_LINE = line_of(CONFIG, "secret = ")
SERVER_LINE = line_of(COMPOSE, "container_name: bomnipotent_server")
PASSED_LINE = line_of(COMPOSE, PASSED)
STANDALONE_LINE = line_of(vendors.STANDALONE_CONFIG, "secret = ")


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def config(old: str, new: str) -> dict[str, str]:
    """Return the Compose layout with one change in config.toml."""
    return compose(config=changed(CONFIG, old, new))


def global_skip_beside(newer: str, config: str = vendors.STANDALONE_CONFIG) -> dict[str, str]:
    """Return the standalone layout with the key of 0.6 on line 1, and something newer."""
    return standalone(config=f"skip_user_verification = true\n{config}{newer}")


def global_skip_in(image: str, env: str = ENV) -> dict[str, str]:
    """Return the Compose layout with the key of 0.6 on line 1, and another image."""
    return compose(
        changed(COMPOSE, "wwhsoft/bomnipotent_server:latest", image),
        config="skip_user_verification = true\n" + CONFIG,
        env=env,
    )


PUBLISHER = vendors.STANDALONE_CONFIG[
    vendors.STANDALONE_CONFIG.index("[provider_metadata.publisher]") :
    vendors.STANDALONE_CONFIG.index("[smtp]")
]  # fmt: skip
METADATA_PATH = "[provider_metadata]\npath = 'metadata.json'\n\n"


def yaml(old: str, new: str, **more: str) -> dict[str, str]:
    """Return the Compose layout with one change in its compose file."""
    return compose(changed(COMPOSE, old, new), **more)


WITHOUT_SECRET = ENV.replace("SMTP_SECRET=hunter22\n", "")
SECTION = CONFIG[CONFIG.index("[smtp]") :]
CATALOGUE: dict[str, tuple[dict[str, str], set[tuple[str, str, str, int | None]]]] = {
    # config.toml
    "no configuration": (
        {YAML: COMPOSE, ".env": ENV},
        {("config-missing", "error", TOML, None)},
    ),
    "invalid TOML": (
        config("[smtp]", "[smtp"),
        {("config-invalid-toml", "error", TOML, SMTP_LINE)},
    ),
    "unknown key": (
        config("[smtp]\n", "[smtp]\nport = 465\n"),
        {("smtp-key-unknown", "error", TOML, SMTP_LINE + 1)},
    ),
    "skip inside of smtp": (
        config("[smtp]\n", "[smtp]\nskip_user_verification = true\n"),
        {("smtp-key-unknown", "error", TOML, SMTP_LINE + 1)},
    ),
    "starttls in quotes": (
        config("[smtp]\n", '[smtp]\nstarttls = "true"\n'),
        {
            ("smtp-key-type", "error", TOML, SMTP_LINE + 1),
        },
    ),
    "skip in quotes": (
        compose(config=f'{CONFIG}[user]\nskip_verification = "yes"\n'),
        {("skip-type", "error", TOML, CONFIG.count("\n") + 2)},
    ),
    "starttls above all sections": (
        compose(config="starttls = true\n" + CONFIG),
        {("key-misplaced", "error", TOML, 1)},
    ),
    "skip in another section": (
        config("[tls]\n", "[tls]\nskip_verification = true\n"),
        {("key-misplaced", "error", TOML, line_of(CONFIG, "[tls]") + 1)},
    ),
    "misnamed section": (
        config("[smtp]", "[smtp_config]"),
        {("section-misnamed", "error", TOML, SMTP_LINE)},
    ),
    "neither mail nor skip": (
        compose(config=CONFIG.replace(SECTION, ""), env=WITHOUT_SECRET),
        {("mail-not-configured", "error", TOML, None)},
    ),
    "both ways to skip": (
        compose(
            config="skip_user_verification = true\n" + CONFIG + "[user]\nskip_verification = true\n"
        ),
        {("skip-both-forms", "error", TOML, CONFIG.count("\n") + 3)},
    ),
    "the skip of another version": (
        compose(config="skip_user_verification = true\n" + CONFIG),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "the old skip": (
        global_skip_beside(""),
        {("verification-skipped", "note", TOML, 1)},
    ),
    "the old skip, and [user]": (
        global_skip_beside("[user]\nremoval_period = '5 days'\n"),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "the old skip, and [open_pgp]": (
        global_skip_beside("[open_pgp]\npublic_key_path = 'x'\n"),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "the old skip, and [[tasks]]": (
        global_skip_beside("[[tasks]]\nname = 'database_backup'\n"),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "the old skip, and [tlp]": (
        global_skip_beside("[tlp]\nallow_tlp2 = true\n"),
        {("verification-skipped", "note", TOML, 1)},
    ),
    "another key of an old server, and [tlp]": (
        standalone(
            config="tmp_admin = 'a@example.org'\n"
            + vendors.STANDALONE_CONFIG
            + "[tlp]\nallow_tlp2 = true\n"
        ),
        set(),
    ),
    "the old skip, and a metadata file": (
        global_skip_beside("", changed(vendors.STANDALONE_CONFIG, PUBLISHER, METADATA_PATH)),
        {("verification-skipped", "note", TOML, 1)},
    ),
    "the old skip switched off, and [open_pgp]": (
        standalone(
            config="skip_user_verification = false\n"
            + vendors.STANDALONE_CONFIG
            + "[open_pgp]\npublic_key_path = 'x'\n"
        ),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "other keys of an old server, and [open_pgp]": (
        standalone(
            config="tmp_admin = 'a@example.org'\nuser_expiration_period = '5 years'\n"
            + vendors.STANDALONE_CONFIG
            + "[open_pgp]\npublic_key_path = 'x'\n"
        ),
        {("key-outdated", "error", TOML, 1), ("key-outdated", "error", TOML, 2)},
    ),
    "other keys of an old server": (
        standalone(config="tmp_admin = 'a@example.org'\n" + vendors.STANDALONE_CONFIG),
        set(),
    ),
    "the old skip, with an old image": (
        global_skip_in("wwhsoft/bomnipotent_server:0.6.1"),
        {("verification-skipped", "note", TOML, 1)},
    ),
    "the old skip, with an image by a variable": (
        global_skip_in("wwhsoft/bomnipotent_server:${TAG:-latest}", ENV + "TAG=0.6\n"),
        {("verification-skipped", "note", TOML, 1)},
    ),
    "the old skip, with an image by a default": (
        global_skip_in("wwhsoft/bomnipotent_server:${TAG:-latest}"),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "the old skip, with another registry": (
        global_skip_in("registry.example.org:5000/wwhsoft/bomnipotent_server"),
        {("skip-form-wrong", "error", TOML, 1)},
    ),
    "the old skip, with an image by its digest": (
        global_skip_in(f"wwhsoft/bomnipotent_server@sha256:{64 * 'a'}"),
        {("verification-skipped", "note", TOML, 1)},
    ),
    "another key of an old server, with a new image": (
        compose(config="tmp_admin = 'a@example.org'\n" + CONFIG),
        {("key-outdated", "error", TOML, 1)},
    ),
    "metadata from a file": (
        config(PUBLISHER, METADATA_PATH),
        set(),
    ),
    "metadata from a file and of a publisher": (
        config(PUBLISHER, METADATA_PATH + PUBLISHER),
        {("provider-metadata-twice", "error", TOML, line_of(CONFIG, PUBLISHER.split()[0]) + 1)},
    ),
    "no metadata": (
        config(PUBLISHER, ""),
        {("server-settings-missing", "error", TOML, None)},
    ),
    "the documentation's user": (
        config("me@example.org", "<you@yourdomain.com>"),
        {("user-placeholder", "error", TOML, SMTP_LINE + 1)},
    ),
    "the documentation's endpoint": (
        config("mail.example.org", "your.smtp.host"),
        {("endpoint-placeholder", "error", TOML, SMTP_LINE + 2)},
    ),
    "the documentation's secret": (
        compose(env=changed(ENV, "hunter22", "<your-smtp-authentication-secret>")),
        {("secret-placeholder", "error", ".env", 2)},
    ),
    "the documentation's database password": (
        compose(env=changed(ENV, "dbpass", "<your-database-password>")),
        {("placeholder", "warning", ".env", 1)},
    ),
    "the documentation's passphrase, in German": (
        compose(env=ENV + "PGP_PASSPHRASE=<Die-Passphrase-zu-Ihrem-OpenPGP-Schlüssel>\n"),
        {("placeholder", "warning", ".env", 3)},
    ),
    "the documentation's domain": (
        config("bomnipotent.example.org", "bomnipotent.<your-domain>.<top-level>"),
        {("placeholder", "warning", TOML, line_of(CONFIG, "domain = "))},
    ),
    "verification skipped by a variable": (
        compose(
            config=CONFIG.replace(SECTION, "") + "[user]\nskip_verification = ${SKIP}\n",
            env="BOMNIPOTENT_DB_PW=dbpass\n",
            **{YAML: changed(COMPOSE, PASSED, "      SKIP: 'true'\n")},
        ),
        set(),
    ),
    "verification skipped": (
        compose(config=CONFIG + "[user]\nskip_verification = true\n"),
        {("verification-skipped", "note", TOML, CONFIG.count("\n") + 2)},
    ),
    "no endpoint": (
        config('endpoint = "mail.example.org"\n', ""),
        {("endpoint-missing", "error", TOML, SMTP_LINE)},
    ),
    "port on a bare host": (
        config('"mail.example.org"', '"mail.example.org:587"'),
        {("endpoint-port", "error", TOML, SMTP_LINE + 2)},
    ),
    "only mail settings": (
        standalone(config=SECTION, env="SMTP_SECRET=hunter22\n"),
        {("server-settings-missing", "warning", TOML, None)},
    ),
    # mail
    "STARTTLS at a provider with SMTPS": (
        config('"mail.example.org"\n', '"smtp.gmail.com"\nstarttls = true\n'),
        {("starttls-though-smtps", "warning", TOML, SMTP_LINE + 3)},
    ),
    "STARTTLS elsewhere": (
        config('"mail.example.org"\n', '"mail.example.org"\nstarttls = true\n'),
        {("starttls-discouraged", "note", TOML, SMTP_LINE + 3)},
    ),
    "provider that retires logins by password": (
        config('"mail.example.org"\n', '"smtp.office365.com"\nstarttls = true\n'),
        {("provider-limits", "warning", TOML, SMTP_LINE + 2)},  # it has nothing but STARTTLS
    ),
    "login in clear text": (
        config('"mail.example.org"', '"smtp://mail.example.org:25"'),
        {("clear-text-login", "warning", TOML, SMTP_LINE + 2)},
    ),
    "user that is no address": (
        config('"me@example.org"', '"me"'),
        {("user-not-an-address", "warning", TOML, SMTP_LINE + 1)},
    ),
    "password in the endpoint": (
        config('"mail.example.org"', '"smtp://u:sesame99@localhost"'),
        {
            ("password-in-endpoint", "warning", TOML, SMTP_LINE + 2),
            ("relay-loopback", "error", TOML, SMTP_LINE + 2),
        },
    ),
    # the secret
    "secret in config.toml": (
        compose(config=changed(CONFIG, "${SMTP_SECRET}", "hunter22"), env=WITHOUT_SECRET),
        {("secret-in-config", "warning", TOML, SECRET_LINE)},
    ),
    "secret in config.toml, another in .env": (
        config("${SMTP_SECRET}", "hunter22"),
        {
            ("secret-in-config", "warning", TOML, SECRET_LINE),
            ("variable-unused", "warning", ".env", 2),
        },
    ),
    "secret that breaks its string": (
        compose(env=changed(ENV, "hunter22", "'hunter\"22'")),
        {("secret-breaks-config", "error", TOML, SECRET_LINE)},
    ),
    "secret with a blank behind it": (
        compose(env=changed(ENV, "hunter22", "'hunter22 '")),
        {("secret-blanks", "warning", ".env", 2)},
    ),
    "secret with a no-break space": (
        compose(env=changed(ENV, "hunter22", "'hunter22\u00a0'")),
        {("secret-invisible", "warning", ".env", 2)},
    ),
    "secret in typographic quotation marks": (
        compose(env=changed(ENV, "hunter22", "'\u201chunter22\u201d'")),
        {("secret-quoted", "warning", ".env", 2)},
    ),
    "blank behind it in compose.yaml": (
        compose(changed(COMPOSE, PASSED, "      SMTP_SECRET: 'hunter22 '\n")),
        {
            ("secret-blanks", "warning", YAML, PASSED_LINE),
            ("compose-secret-in-clear", "warning", YAML, PASSED_LINE),
        },
    ),
    "odd secret in config.toml": (
        config("${SMTP_SECRET}", "\u200bhunter22"),
        {
            ("secret-in-config", "warning", TOML, SECRET_LINE),
            ("secret-invisible", "warning", TOML, SECRET_LINE),
            ("variable-unused", "warning", ".env", 2),
        },
    ),
    "secret in a variable with a meaning of its own": (
        standalone(
            config=vendors.STANDALONE_CONFIG.replace("SMTP_SECRET", "BASH_ENV"),
            env=ENV.replace("SMTP_SECRET", "BASH_ENV"),
        ),
        {("variable-reserved", "error", TOML, STANDALONE_LINE)},
    ),
    "secret nowhere": (
        standalone(env=WITHOUT_SECRET),
        {("secret-unset", "error", TOML, STANDALONE_LINE)},
    ),
    "secret without value": (
        standalone(env=changed(ENV, "hunter22", "")),
        {("secret-blank", "error", INNER_ENV, 2)},
    ),
    "another variable is set": (
        standalone(env=changed(ENV, "SMTP_SECRET", "SMTP_PASSWORD")),
        {("secret-unset", "error", TOML, STANDALONE_LINE)},
    ),
    "config.toml refers to another variable": (
        standalone(config=vendors.STANDALONE_CONFIG.replace("${SMTP_SECRET}", "${MAIL_PW}")),
        {
            ("secret-unset", "error", TOML, STANDALONE_LINE),
            ("variable-unused", "warning", INNER_ENV, 2),
        },
    ),
    "database password nowhere": (
        standalone(env="SMTP_SECRET=hunter22\n"),
        {("variable-unset", "error", TOML, 1)},
    ),
    ".env one directory too high": (
        {**standalone(env=WITHOUT_SECRET), ".env": "# x\nSMTP_SECRET=hunter22\n"},
        {("env-in-wrong-directory", "error", ".env", 2)},
    ),
    # .env
    ".env that stops its readers": (
        compose(env=ENV + "X='open\n"),
        {("env-malformed", "error", ".env", 3)},
    ),
    ".env that its readers see differently": (
        standalone(env="A='x'B=1\n" + ENV),
        {("env-ambiguous", "error", INNER_ENV, 1)},
    ),
    "value that is read differently": (
        standalone(env=changed(ENV, "hunter22", "hunter$$22")),
        {("env-value-read-differently", "error", INNER_ENV, 2)},
    ),
    "two different definitions": (
        compose(env=ENV + "SMTP_SECRET=hunter22-2\n"),
        {("env-duplicate", "warning", ".env", 3)},
    ),
    "two different definitions for the server": (
        standalone(env=ENV + "SMTP_SECRET=hunter22-2\n"),
        {("env-duplicate", "error", INNER_ENV, 3)},
    ),
    ".env in another encoding": (
        {**compose(), ".env": "\ufeffSMTP_SECRET=a\0\n"},
        {("file-has-nul", "error", ".env", 1)},
    ),
    "byte order marks": (
        compose(config="\ufeff" + CONFIG, env="\ufeff" + ENV),
        {("byte-order-mark", "note", TOML, 1), ("byte-order-mark", "warning", ".env", 1)},
    ),
    ".env that sops encrypts": (
        compose(env=ENV + "X=ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\n"),
        {("env-encrypted", "error", ".env", 3)},
    ),
    "copy of an editor": (
        {**compose(), ".env.bak": ENV, ".env~": ENV, ".env.example": "SMTP_SECRET=\n"},
        {
            ("env-stray-copy", "warning", ".env.bak", None),
            ("env-stray-copy", "warning", ".env~", None),
        },
    ),
    # Compose
    "invalid YAML": (
        yaml("    driver: bridge\n", "\tdriver: bridge\n"),
        {("compose-invalid", "error", YAML, 5)},
    ),
    "variable is not passed": (
        yaml(PASSED, ""),
        {("compose-variable-not-passed", "error", YAML, SERVER_LINE)},
    ),
    "variable for another service only": (
        compose(
            COMPOSE.replace(PASSED, "").replace(
                "      POSTGRES_DB", PASSED + "      POSTGRES_DB", 1
            )
        ),
        {("compose-variable-not-passed", "error", YAML, SERVER_LINE + 1)},
    ),
    "unset variable becomes an empty one": (
        compose(env=WITHOUT_SECRET),
        {("compose-variable-blank", "error", YAML, PASSED_LINE)},
    ),
    "empty variable wins over .env": (
        {**compose(env=WITHOUT_SECRET), INNER_ENV: "SMTP_SECRET=hunter22\n"},
        {("compose-variable-blank", "error", YAML, PASSED_LINE)},
    ),
    "required variable is unset": (
        {**yaml(PASSED, PASSED.replace("}", ":?}")), ".env": WITHOUT_SECRET},
        {("secret-unset", "error", TOML, SECRET_LINE)},
    ),
    "another variable in its place": (
        yaml(PASSED, PASSED.replace("${SMTP_SECRET}", "${MAIL_PW}")),
        {("compose-variable-blank", "error", YAML, PASSED_LINE)},
    ),
    "substitution that is never closed": (
        yaml(PASSED, '      SMTP_SECRET: "${SMTP_SECRET"\n'),
        {("compose-refused", "error", YAML, None)},
    ),
    "secret in the compose file": (
        yaml(PASSED, PASSED.replace("${SMTP_SECRET}", "hunter22")),
        {("compose-secret-in-clear", "warning", YAML, PASSED_LINE)},
    ),
    "secret as a default in the compose file": (
        yaml(PASSED, PASSED.replace("}", ":-hunter23}")),
        {("compose-secret-in-clear", "warning", YAML, PASSED_LINE)},
    ),
    "secret in a comment of the compose file": (
        yaml(PASSED, PASSED + "      # SMTP_SECRET: hunter22\n"),
        {("compose-secret-in-clear", "warning", YAML, PASSED_LINE + 1)},
    ),
    "config.toml mounted on its own, long": (
        yaml(LONG_MOUNT, LONG_MOUNT.replace("_config\n", "_config/config.toml\n")),
        {("compose-file-mount", "warning", YAML, line_of(COMPOSE, LONG_MOUNT))},
    ),
    "config.toml mounted on its own, short": (
        yaml(LONG_MOUNT, "      - ./bomnipotent_config/config.toml:/etc/x/config.toml:ro\n"),
        {("compose-file-mount", "warning", YAML, line_of(COMPOSE, LONG_MOUNT))},
    ),
    "another directory is mounted": (
        yaml(LONG_MOUNT, "      - ./other_config:/etc/bomnipotent_server/configs/:ro\n"),
        {("compose-config-not-mounted", "warning", YAML, SERVER_LINE)},
    ),
    "env_file that does not exist": (
        yaml(PASSED, PASSED + "    env_file: mail.env\n"),
        {("compose-env-file-missing", "error", YAML, PASSED_LINE + 1)},
    ),
    "no service of ours": (
        compose("services:\n  wiki:\n    image: wiki\n"),
        {("compose-service-unknown", "note", YAML, None)},
    ),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_broken_layout_is_found_at_its_place(check: Check, name: str) -> None:
    files, expected = CATALOGUE[name]
    assert check(files) == expected


@pytest.mark.parametrize("name", CATALOGUE)
def test_rules_read_nothing_themselves(check: Check, name: str) -> None:
    """The findings are worked out from the inspection, and from nothing that changes after it."""
    files, _ = CATALOGUE[name]
    linked = check.directory / "link"
    linked.symlink_to(check.directory / "there", target_is_directory=True)
    vendors.write(check.directory / "there", files)
    inspection = check.inspect(linked / "bomnipotent_config" / "config.toml")
    findings = check_all(inspection)
    linked.unlink()
    shutil.rmtree(check.directory / "there")
    assert check_all(inspection) == findings


def test_catalogue_is_large_enough() -> None:
    assert len(CATALOGUE) >= 25


@pytest.mark.parametrize("name", CATALOGUE)
def test_findings_say_what_to_do(check: Check, name: str) -> None:
    files, _ = CATALOGUE[name]
    for finding in check.layout(files):
        assert finding.message.endswith(".")
        assert finding.remedy
        for secret in ("hunter22", "hunter23", "dbpass", "sesame99"):
            assert secret not in finding.message + finding.remedy
