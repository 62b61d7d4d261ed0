"""What the wizard says of a layout, and does to it, is what its container then has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.compose.bench import NEW, REFUSED, Bench
from tests.compose.layouts import LAYOUTS, Layout, Truth
from tests.mail_servers.account import USER

each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return where the layout goes."""
    return tmp_path / "project"


@each_layout
def test_show_tells_the_truth(bench: Bench, project: Path, layout: Layout) -> None:
    truth = bench.before(layout)
    said = bench.run(layout, layout.write(project), "show")
    if truth.refusal:
        assert said.code in {0, REFUSED}
        return
    assert said.code == 0
    secret = said.json["secret"]
    assert secret["set"] == bool(truth.secret)
    assert secret["effective"] or not truth.secret
    container = said.json["container"]
    assert (container["asked"], container["service"]) == ("docker compose", layout.service)
    source = container["source"]
    if source and source["line"]:
        assert decides(bench, layout, project, Path(source["path"]), source["line"])


def decides(bench: Bench, layout: Layout, directory: Path, path: Path, line: int) -> bool:
    """Whether the container has something else without this line."""
    kept = path.read_bytes()
    lines = kept.splitlines(keepends=True)
    lines[line - 1] = b"\n"
    path.write_bytes(b"".join(lines))
    after = bench.ask(layout, directory)
    path.write_bytes(kept)
    return after != bench.before(layout)


@each_layout
def test_test_logs_in_with_it(bench: Bench, project: Path, layout: Layout) -> None:
    truth = bench.before(layout)
    said, logins = bench.test(layout, layout.write(project))
    if truth.refusal:
        assert said.code == REFUSED or said.verdict in {"fail", "untestable"} or said.doubts
    elif truth.secret:
        assert said.verdict in {"pass", "warn"}, said.json["diagnosis"]
        assert [(login["user"], login["secret"]) for login in logins] == [(USER, truth.secret)]
        assert logins[0]["name"] == truth.hostname or not truth.hostname
    else:  # the mail server would take a mail without a login, but the server tries to log in
        assert said.verdict == "fail"
        assert not any(login["secret"] for login in logins)


@each_layout
def test_set_reaches_or_warns(bench: Bench, project: Path, layout: Layout) -> None:
    before, files = bench.before(layout), content(layout.write(project))
    said = bench.set(layout, project)
    changed = changes(files, content(project))
    if layout.set == "refuses":
        assert said.code == REFUSED
        error = said.json["error"]
        assert error["line"] or without_paths(before.refusal) in without_paths(error["message"])
        assert not changed
        return
    assert said.code == 0, said.json
    assert changed == {Path(each["path"]) for each in said.json["files"] if each["changed"]}
    assert not any(path.suffix in {".yaml", ".yml"} for path in changed)
    truth = bench.ask(layout, project)
    assert others(truth) == others(before) or truth.refusal or before.refusal
    if layout.set == "reaches":
        assert truth.secret == NEW
        assert not said.doubts, said.json["warnings"]
    else:
        assert truth.secret != NEW
        assert said.doubts, said.json["warnings"]
        advice = [each for each in said.json["warnings"] if "line" in each]
        assert advice or layout.environ or truth.refusal
        for each in advice:
            follow(Path(each["path"]), each["line"], each["message"])
            assert bench.ask(layout, project).secret == NEW


def follow(path: Path, number: int, message: str) -> None:
    """Do to the compose file what a warning advises."""
    said, *advised = message.splitlines()
    lines = path.read_text("utf-8").splitlines()
    through = re.search(r"lines \d+ to (\d+)", said)
    end = int(through[1]) if through else number
    start = number - 1 if "Replace" in said else end
    indent = re.match(" *", lines[start])
    assert indent is not None
    lines[start:end] = [indent[0] + line[4:] for line in advised]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def without_paths(text: str) -> str:
    return re.sub(r"/\S+/", "", text).strip()


def others(truth: Truth) -> dict[str, str]:
    """Return the container's variables without those that the configurations refer to."""
    kept = truth.environment.keys() - {"SMTP_SECRET", "MAIL_PASSWORD"}
    return {name: truth.environment[name] for name in kept}


def content(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def changes(before: Mapping[Path, bytes], after: Mapping[Path, bytes]) -> set[Path]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


@each_layout
def test_check_is_right(bench: Bench, project: Path, layout: Layout) -> None:
    found = bench.run(layout, layout.write(project), "check").errors
    assert bool(found) == (not bench.before(layout).secret), found


@each_layout
def test_without_docker(bench: Bench, project: Path, layout: Layout) -> None:
    truth = bench.before(layout)
    shown = bench.run(layout, layout.write(project), "show", docker=False)
    tested, logins = bench.test(layout, project, docker=False)
    found = bench.run(layout, project, "check", docker=False).errors
    if truth.refusal:
        assert shown.code in {0, REFUSED}
        return
    assert shown.code == 0
    container = shown.json["container"]
    assert container["asked"] == "files"
    if not container.get("not_judged"):
        assert shown.json["secret"]["set"] == bool(truth.secret)
    assert tested.doubts or [login["secret"] for login in logins if login["user"]] == (
        [truth.secret] if truth.secret else []
    )
    assert tested.doubts or (tested.verdict == "fail") == (not truth.secret)
    assert not (found and truth.secret), found


@each_layout
def test_set_without_docker(bench: Bench, project: Path, layout: Layout) -> None:
    files = content(layout.write(project))
    said = bench.set(layout, project, docker=False)
    if layout.set == "refuses":
        assert said.code in {0, REFUSED}
        return
    assert said.code == 0, said.json
    changed = changes(files, content(project))
    assert changed == {Path(each["path"]) for each in said.json["files"] if each["changed"]}
    assert bench.ask(layout, project).secret == NEW or said.doubts
