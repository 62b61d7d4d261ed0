"""The benchmarks can be called by name, name what is missing, and measure what they say."""

from __future__ import annotations

import importlib
import os
import re
from functools import partial
from pathlib import Path

import pytest

from tests.benchmarks import lines, memory, rewriting, screens, verdict
from tests.benchmarks.__main__ import BENCHMARKS, REPOSITORY, Benchmark, main
from tests.benchmarks.peers import Absent, gum, installed
from tests.line import Line


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda benchmark: benchmark.name)
def test_every_benchmark_is_a_program_that_the_docs_explain(benchmark: Benchmark) -> None:
    assert callable(importlib.import_module(f"tests.benchmarks.{benchmark.name}").main)
    assert f"## {benchmark.name}:" in (REPOSITORY / "docs" / "benchmarks.md").read_text()


def test_an_unknown_benchmark_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verdict", "speed"]) == 2
    said = capsys.readouterr().err
    assert "no speed" in said
    assert "rewriting" in said


def test_a_benchmark_without_its_file_is_skipped_with_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    benchmark = Benchmark("single_file", "…", needs=REPOSITORY / "dist" / "absent.pyz")
    assert benchmark.run()
    assert "skipped: dist/absent.pyz: packaging/build.py makes it" in capsys.readouterr().out


def test_programs_that_are_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Absent, match="swaks: not installed"):
        installed("swaks")
    with pytest.raises(Absent, match="gum: neither installed nor to be built"):
        gum()
    beside = [str(each) for each in verdict.others(tmp_path) if isinstance(each, Absent)]
    assert "msmtp: not installed" in beside
    drawn = [str(each) for each in screens.programs() if isinstance(each, Absent)]
    assert "dialog: not installed" in drawn


def test_the_table_of_rewriting_has_a_row_for_each_size(capsys: pytest.CaptureFixture[str]) -> None:
    rewriting.main({"1 KB": 1_000, "3 KB": 3_000})
    rows = capsys.readouterr().out.splitlines()
    assert [re.split(r"\s{2,}", row)[0] for row in rows[1:]] == [
        "1 KB",
        "3 KB",
        "10 KB, out of order",
    ]


def test_the_largest_sample_is_not_refused() -> None:
    text = rewriting.sample(max(rewriting.SIZES.values()))
    assert rewriting.ours(text) != text


def test_the_course_of_lines_leads_to_the_live_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "QUIET", 0.05)
    monkeypatch.setattr(lines, "SECONDS", 0.1)
    found = lines.wizard("xterm-256color", whole=False)
    first, *_, last = found
    assert (first, last) == (lines.FIRST, "live test, a second")


def test_the_first_frame_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "gum", partial(installed, "gum"))  # it is not built for this
    peaks = dict(each for each in memory.ways() if not isinstance(each, Absent))
    assert peaks["full screen, first frame"]() > peaks["bare Textual, a label"]()


@pytest.mark.parametrize("in_order", [True, False])
def test_our_edit_changes_nothing_elsewhere_in_the_samples(in_order: bool) -> None:
    text = rewriting.sample(5_000, in_order)
    assert rewriting.elsewhere(text, rewriting.ours(text)) == 0


def test_a_line_that_has_gone_and_one_that_has_come_are_counted_as_elsewhere() -> None:
    before = '[smtp]\nuser = "a"\n# ab\n'
    assert rewriting.elsewhere(before, '[smtp]\nuser = "other"\n# cde\n') == len("# ab\n# cde\n")


def test_memory_is_the_measured_programs_own() -> None:
    megabyte = memory.MEGABYTE
    small = memory.command(["-c", "pass"], os.environ)
    large = memory.command(["-c", f"bytearray({50 * megabyte})"], os.environ)
    assert 40 * megabyte < large - small < 60 * megabyte


def test_an_echo_costs_one_byte_a_key(tmp_path: Path) -> None:
    with Line(["sh", "-c", "echo ready; exec cat"], cwd=tmp_path) as line:
        screens.shown(line, b"ready")
        line.quiet(screens.QUIET)
        assert [screens.press(line, key)[1] for key in "ab"] == [1, 1]
