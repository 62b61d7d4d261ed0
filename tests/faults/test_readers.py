"""Whoever reads while the wizard writes sees the whole old file or the whole new one."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.saving.plan import make_plan
from wizard.secrets.secret import Replace, Secret

SAVES = 500
"""Each of them writes both files."""

READER = """\
import collections, hashlib, json, os, sys, threading
seen = {path: collections.Counter() for path in sys.argv[1:]}
ended = threading.Event()
threading.Thread(target=lambda: (os.read(0, 1), ended.set()), daemon=True).start()
while True:
    last = ended.is_set()
    for path, counter in seen.items():
        with open(path, "rb") as stream:
            counter[hashlib.sha256(stream.read()).hexdigest()] += 1
    if counter.total() == 1:
        print(flush=True)
    if last:
        break
print(json.dumps(seen))
"""


def test_reader_in_a_tight_loop_never_sees_a_part_of_a_file(tmp_path: Path) -> None:
    config, env = tmp_path / "config.toml", tmp_path / ".env"
    drafts = [
        Draft(user="a@b.example", endpoint="a.example", secret=Replace(Secret("x"))),
        Draft(
            user="somebody.with.a.long.name@example.org",
            endpoint="smtp://mail.example.org:2525?tls=required",
            secret=Replace(Secret("y" * 4000)),
        ),
    ]
    whole: dict[str, set[str]] = {str(config): set(), str(env): set()}

    def save(draft: Draft) -> None:
        now = load_config(find_layout(config), environ={})
        make_plan(now, draft).apply()
        for path in (config, env):
            whole[str(path)].add(sha256(path.read_bytes()).hexdigest())

    # Long, so that a reader could easily catch part of a file.
    for path in (config, env):
        path.write_text(f"# {'x' * 8000}\n")
    for draft in drafts:
        save(draft)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(config), str(env)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        for number in range(SAVES):
            save(drafts[number % 2])
        seen = json.loads(reader.communicate()[0])
    assert reader.returncode == 0
    for name, versions in whole.items():
        assert len(versions) == len(drafts)
        assert set(seen[name]) == versions
