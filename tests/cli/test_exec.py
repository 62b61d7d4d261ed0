"""``exec -- CMD…`` becomes the program, with the secret in its one variable, or starts nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG
from tests.files.accounts import ORDINARY, fork, in_child, needs_root
from tests.files.conftest import place  # noqa: F401  (a fixture)
from tests.secrets.conftest import bus, keyring_bus, locked, unlocked  # noqa: F401  (fixtures)
from tests.secrets.session_bus import SessionBus
from wizard.cli import exec_command
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.secret import Secret

SECRET = "open$esame 'x' ✓"
ROOT = Path(__file__).parents[2]
WITNESS = """\
import json, os, resource, signal, sys
print(json.dumps({
    "pid": os.getpid(),
    "argv": sys.argv[1:],
    "cmdline": open("/proc/self/cmdline", "rb").read().decode(errors="replace"),
    "environ": {os.fsdecode(k): os.fsdecode(v) for k, v in os.environb.items()},
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "ignored": open("/proc/self/status").read().split("SigIgn:")[1].split()[0],
}))
"""


class Layout:
    """A configuration in a directory, and a minimal environment to start from."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(directory),
            "LANG": "C.UTF-8",
        }
        self.write("config.toml", CONFIG)
        self.write("witness.py", WITNESS)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def command(self, *program: str, options: tuple[str, ...] = ()) -> list[str]:
        # Not python itself in the process list, so that its own variables are not needed.
        return [sys.executable, "-m", "wizard", "exec", *options, "--", *program]

    def run(
        self, *program: str, options: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*program, options=options),
            cwd=self.directory,
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def witness(self, environ: Mapping[str, str] | None = None) -> dict[str, object]:
        done = self.run(sys.executable, "witness.py", "a b", "--json", environ=environ)
        assert (done.returncode, done.stderr) == (0, "")
        seen: dict[str, object] = json.loads(done.stdout)
        return seen


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def nowhere_else(seen: Mapping[str, object]) -> None:
    """Assert that the secret is in its one variable and in no argument."""
    environ = seen["environ"]
    assert isinstance(environ, dict)
    assert environ["SMTP_SECRET"] == SECRET
    assert [name for name, value in environ.items() if SECRET in value] == ["SMTP_SECRET"]
    assert SECRET not in str(seen["cmdline"])
    assert seen["argv"] == ["a b", "--json"]


def test_secret_comes_from_the_env_file(layout: Layout) -> None:
    layout.write(".env", "SMTP_SECRET=\"open\\$esame 'x' ✓\"\n")
    nowhere_else(layout.witness())


def test_secret_of_the_environment_wins(layout: Layout) -> None:
    layout.write(".env", "SMTP_SECRET=other\n")
    nowhere_else(layout.witness({"SMTP_SECRET": SECRET}))


def test_secret_comes_from_the_credential_of_a_service(layout: Layout) -> None:
    directory = layout.directory / "credentials"
    directory.mkdir()
    (directory / "smtp_secret").write_text(SECRET)
    nowhere_else(layout.witness({"CREDENTIALS_DIRECTORY": str(directory)}))


def test_secret_comes_from_the_keyring(layout: Layout, unlocked: SessionBus) -> None:  # noqa: F811
    KeyringStore(layout.directory / "config.toml", environ=unlocked.environ).write(Secret(SECRET))
    nowhere_else(layout.witness(unlocked.environ | {"PYTHONPATH": str(ROOT)}))


def test_secret_is_utf8_whatever_the_locale(layout: Layout) -> None:
    layout.write(".env", "SMTP_SECRET='ü✓'\n")
    done = layout.run(
        "printenv", "SMTP_SECRET",
        environ={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )  # fmt: skip
    assert done.stdout == "ü✓\n"


def test_variable_is_the_one_that_the_configuration_refers_to(layout: Layout) -> None:
    layout.write("config.toml", CONFIG.replace("SMTP_SECRET", "MAIL_PW"))
    layout.write(".env", "MAIL_PW=hunter22\nSMTP_SECRET=other\n")
    done = layout.run("printenv", "MAIL_PW")
    assert done.stdout == "hunter22\n"
    assert layout.run("printenv", "SMTP_SECRET").returncode == 1


def test_secret_of_several_parts_comes_from_the_env_file(layout: Layout) -> None:
    layout.write("config.toml", CONFIG.replace("${SMTP_SECRET}", "${A_PART}-${B_PART}"))
    layout.write(".env", "A_PART=one\n")
    done = layout.run("true")
    assert done.returncode == 6
    assert "B_PART" in done.stderr
    done = layout.run("sh", "-c", "echo $A_PART$B_PART", environ={"B_PART": "two"})
    assert done.stdout == "onetwo\n"


@pytest.mark.parametrize("secret", ['secret = "literal"', ""])
def test_program_is_started_where_the_configuration_asks_for_no_variable(
    layout: Layout, secret: str
) -> None:
    layout.write("config.toml", CONFIG.replace('secret = "${SMTP_SECRET}"', secret))
    done = layout.run("printenv", "SMTP_SECRET")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


# Fails closed


def started(layout: Layout, environ: Mapping[str, str] | None = None) -> tuple[bool, int, str]:
    """Return whether the program was started, the exit code, and the code of the failure."""
    done = layout.run("touch", "started", options=("--json",), environ=environ)
    was = (layout.directory / "started").exists()
    return was, done.returncode, json.loads(done.stdout)["error"]["code"] if done.stdout else ""


def test_locked_keyring_starts_nothing(layout: Layout, locked: SessionBus) -> None:  # noqa: F811
    environ = locked.environ | {"PYTHONPATH": str(ROOT)}
    assert started(layout, environ) == (False, 6, "keyring-locked")


def test_missing_entry_starts_nothing(layout: Layout, unlocked: SessionBus) -> None:  # noqa: F811
    environ = unlocked.environ | {"PYTHONPATH": str(ROOT)}
    assert started(layout, environ) == (False, 6, "secret-not-found")


def test_keyring_that_does_not_answer_starts_nothing(
    layout: Layout,
    unlocked: SessionBus,  # noqa: F811
) -> None:
    unlocked.daemons[-1].send_signal(signal.SIGSTOP)
    environ = unlocked.environ | {"PYTHONPATH": str(ROOT)}
    assert started(layout, environ) == (False, 6, "keyring-timeout")


@pytest.mark.parametrize(
    ("env", "environ", "exit_code", "code"),
    [
        ("SMTP_SECRET=\n", {}, 6, "env-value-blank"),
        ("SMTP_SECRET=x\n", {"SMTP_SECRET": ""}, 6, "environment-blank"),
        ("SMTP_SECRET=a$$b\n", {}, 6, "env-value-ambiguous"),
        ("SMTP_SECRET='open\n", {}, 6, "env-malformed"),
        ("A='x'B=1\nSMTP_SECRET=x\n", {}, 6, "env-ambiguous"),
    ],
    ids=[
        "blank in .env",
        "blank in the environment",
        "ambiguous value",
        "open quote",
        "ambiguous line",
    ],
)
def test_secret_that_is_blank_or_unclear_starts_nothing(
    layout: Layout, env: str, environ: dict[str, str], exit_code: int, code: str
) -> None:
    layout.write(".env", env)
    assert started(layout, environ) == (False, exit_code, code)


def test_unreadable_env_file_starts_nothing(layout: Layout) -> None:
    (layout.directory / ".env").mkdir()
    assert started(layout) == (False, 6, "file-not-regular")


def test_credential_that_is_not_a_secret_starts_nothing(layout: Layout) -> None:
    (layout.directory / "smtp_secret").write_bytes(b"\xff")
    environ = {"CREDENTIALS_DIRECTORY": str(layout.directory)}
    assert started(layout, environ) == (False, 6, "credential-not-a-secret")


def test_missing_or_broken_configuration_starts_nothing(layout: Layout) -> None:
    layout.write("config.toml", "[smtp\n")
    assert started(layout) == (False, 4, "config-invalid-toml")
    (layout.directory / "config.toml").unlink()
    assert started(layout) == (False, 4, "config-missing")


# As if it were not there


@pytest.fixture
def ready(layout: Layout) -> Layout:
    layout.write(".env", "SMTP_SECRET=hunter22\n")
    return layout


def test_exit_status_is_the_programs(ready: Layout) -> None:
    assert ready.run("sh", "-c", "exit 42").returncode == 42


def test_process_and_signals_are_the_programs(ready: Layout) -> None:
    command = ready.command("sh", "-c", "trap 'exit 7' USR1; echo $$; while :; do sleep 0.1; done")
    for number, expected in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGUSR1, 7)):
        with subprocess.Popen(
            command, cwd=ready.directory, env=ready.environ, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert int(process.stdout.readline()) == process.pid
            process.send_signal(number)
            assert process.wait(20) == expected


def test_inherited_limits_and_signals_are_as_before(ready: Layout) -> None:
    seen = json.loads(
        subprocess.run(
            f"ulimit -Sc 1000; exec {sys.executable} -m wizard exec -- "
            f"{sys.executable} -c 'exec(open(\"witness.py\").read())'",
            shell=True, cwd=ready.directory, env=ready.environ, capture_output=True, check=True,
        ).stdout
    )  # fmt: skip
    assert seen["core"][0] == 1000 * 512
    sigpipe = 1 << (signal.SIGPIPE - 1)
    # The witness is Python, which ignores SIGPIPE by itself; a shell shows what it inherits.
    done = ready.run("sh", "-c", "grep SigIgn /proc/self/status")
    ignored = int(done.stdout.split()[1], 16)
    assert not ignored & sigpipe
    assert not ignored & (1 << (signal.SIGXFSZ - 1))


def test_program_may_be_inspected_again(ready: Layout) -> None:
    done = ready.run("sh", "-c", "stat -c %u /proc/$$/environ")
    assert done.stdout.strip() == str(os.geteuid())


def test_program_that_is_not_found_or_not_executable(ready: Layout) -> None:
    script = ready.write("script.sh", "#!/nonexistent/interpreter\n")
    plain = ready.write("plain", "not a program\n")
    for name, code in (
        ("no-such-program", 127), ("./no/such", 127), ("", 127), ("plain/x", 127),
        ("./plain", 126), (str(ready.directory), 126), ("./script.sh", 126),
    ):  # fmt: skip
        if name == "./script.sh":
            script.chmod(0o700)
        done = ready.run(name)
        assert done.returncode == code, name
        assert done.stdout == ""
        assert done.stderr.startswith("smtp-wizard: ")
    plain.chmod(0o700)
    assert ready.run("./plain").returncode == 126, "a file without #! is not given to a shell"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may search every directory")
def test_forbidden_directory_in_path_hides_nothing(ready: Layout) -> None:
    hidden = ready.directory / "hidden"
    hidden.mkdir(mode=0o000)
    path = {"PATH": f"{hidden}:{ready.environ['PATH']}"}
    assert ready.run("no-such-program", environ=path).returncode == 127
    assert ready.run("true", environ=path).returncode == 0


def test_arguments_are_passed_on_as_they_are(ready: Layout) -> None:
    words = ["--help", "-c", "--", "a b", "$HOME", "*", "", "exec", "'"]
    done = ready.run(sys.executable, "-c", "import sys; print(sys.argv[1:])", *words)
    assert done.stdout == f"{words}\n"


def test_own_options_come_before_the_dashes(ready: Layout) -> None:
    (ready.directory / "elsewhere").mkdir()
    config = ready.write("elsewhere/config.toml", CONFIG)
    ready.write("elsewhere/.env", "SMTP_SECRET=hunter22-2\n")
    done = ready.run("printenv", "SMTP_SECRET", options=("-c", str(config)))
    assert done.stdout == "hunter22-2\n"
    command = [sys.executable, "-m", "wizard", "-c", str(config), "exec", "--env-file", ".env"]
    done = subprocess.run(
        [*command, "--", "printenv", "SMTP_SECRET"],
        cwd=ready.directory, env=ready.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "hunter22\n"


def test_usage_errors_start_nothing(ready: Layout) -> None:
    for arguments, code in (
        (["exec", "touch", "started"], "exec-needs-dashes"),
        (["exec"], "exec-needs-command"),
        (["exec", "--"], "exec-needs-command"),
        (["exec", "--frobnicate", "--", "touch", "started"], "usage"),
        (["set", "--", "exec"], "usage"),
        (["exec", "stray", "--", "touch", "started"], "exec-needs-dashes"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "wizard", "--json", *arguments],
            cwd=ready.directory, env=ready.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2, arguments
        assert json.loads(done.stdout)["error"]["code"] == code
        assert not (ready.directory / "started").exists()


def test_running_server_keeps_its_output_and_input(ready: Layout) -> None:
    done = subprocess.run(
        ready.command("cat"),
        cwd=ready.directory, env=ready.environ, input=b"passed on", capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == b"passed on"


# As root


@pytest.mark.parametrize("secret", ["${LD_PRELOAD}", "x${PATH}", "${SMTP_SECRET}${BASH_ENV}"])
def test_variable_with_a_meaning_of_its_own_starts_nothing(layout: Layout, secret: str) -> None:
    layout.write("config.toml", CONFIG.replace("${SMTP_SECRET}", secret))
    layout.write(".env", "LD_PRELOAD=/x.so\nBASH_ENV=/x.sh\nSMTP_SECRET=x\n")
    assert started(layout) == (False, 4, "variable-reserved")


def own(layout: Layout, name: str, uid: int = ORDINARY) -> None:
    os.chown(layout.directory / name, uid, uid)


@needs_root
@pytest.mark.parametrize("theirs", [["config.toml"], [".env"], ["config.toml", ".env", "."]])
def test_root_starts_nothing_with_what_another_account_controls(
    place: Path,  # noqa: F811
    theirs: list[str],
) -> None:
    layout = Layout(place)
    layout.write(".env", "SMTP_SECRET=hunter22\n")
    for name in theirs:
        own(layout, name)
    assert started(layout) == (False, 4, "file-not-trusted")
    done = layout.run("true")
    assert f"sudo -u '#{ORDINARY}' smtp-wizard exec" in done.stderr
    assert "hunter22" not in done.stderr


@needs_root
@pytest.mark.parametrize(("name", "mode"), [(".env", 0o666), (".", 0o777), (".", 0o775)])
def test_root_starts_nothing_with_what_others_may_change(
    place: Path,  # noqa: F811
    name: str,
    mode: int,
) -> None:
    layout = Layout(place)
    layout.write(".env", "SMTP_SECRET=hunter22\n")
    os.chown(place / name, 0, ORDINARY)
    (place / name).chmod(mode)
    assert started(layout) == (False, 4, "file-not-trusted")


@needs_root
def test_root_starts_nothing_with_a_link_of_another_account(place: Path) -> None:  # noqa: F811
    layout = Layout(place)
    layout.write("real", "SMTP_SECRET=hunter22\n")
    (place / ".env").symlink_to("real")
    os.chown(place / ".env", ORDINARY, ORDINARY, follow_symlinks=False)
    assert started(layout) == (False, 4, "path-not-trusted")


@needs_root
def test_files_of_the_account_that_calls_sudo_are_trusted(place: Path) -> None:  # noqa: F811
    layout = Layout(place)
    layout.write(".env", "SMTP_SECRET=hunter22\n")
    for name in ("config.toml", ".env", "."):
        own(layout, name)
    place.chmod(0o775)
    caller = {"SUDO_UID": str(ORDINARY), "SUDO_GID": str(ORDINARY)}
    assert layout.run("printenv", "SMTP_SECRET", environ=caller).stdout == "hunter22\n"


@needs_root
def test_program_may_run_as_the_account_that_owns_the_files(place: Path) -> None:  # noqa: F811
    layout = Layout(place)
    layout.write(".env", "SMTP_SECRET=hunter22\n")
    for name in ("config.toml", ".env", "."):
        own(layout, name)

    load_config(find_layout(place / "config.toml")).resolver.for_exec()  # loads what it needs
    options = Namespace(
        program=["printenv", "SMTP_SECRET"], stray=[], config=place / "config.toml",
        env_file=None, format="text",
    )  # fmt: skip

    def start() -> str:
        """Run the program in one more child, as it takes the process's place."""
        reader, writer = os.pipe()
        if (child := fork()) == 0:
            os.dup2(writer, 1)
            os._exit(exec_command.run(options))
        os.close(writer)
        with os.fdopen(reader) as stream:
            printed = stream.read()
        os.waitpid(child, 0)
        return printed

    assert in_child(start, ORDINARY) == "hunter22\n"
