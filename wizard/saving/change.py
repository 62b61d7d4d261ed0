"""One change: a file replaced, or a secret stored in a store other than ``.env``."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from wizard.config.current import CurrentConfig
from wizard.errors import FileRefused, StoreUnusable
from wizard.files.encoding import decode
from wizard.files.reading import Snapshot
from wizard.files.writing import PRIVATE
from wizard.formats.masking import hidden_values, mask_config, mask_dotenv, mask_words
from wizard.secrets.secret import Secret
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import ExternalStore
from wizard.text.display import MASK, DiffRow
from wizard.text.language import _


class FileRole(StrEnum):
    """What a file is to the server, whatever its name."""

    CONFIG = "config"
    ENV = "env"
    COMPOSE = "compose"
    """A compose file that was written here, without any secret in it."""
    GITIGNORE = "gitignore"


_MASKS: Mapping[FileRole, Callable[[str], str]] = {
    FileRole.CONFIG: mask_config,
    FileRole.ENV: mask_dotenv,
    FileRole.COMPOSE: str,
    FileRole.GITIGNORE: str,
}


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; ``after`` None removes it.

    Its preview shows the very text that is written; only the secrets in it are masked. A new file
    gets ``new_mode``; one that exists keeps its own, unless ``chmod`` names another.
    """

    before: Snapshot
    after: bytes | None = field(repr=False)
    role: FileRole
    new_mode: int = PRIVATE
    chmod: int | None = None

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return self.rewritten or self.mode_change is not None

    @property
    def rewritten(self) -> bool:
        """Whether any byte differs. A file is not created to stay empty."""
        if self.after is None:
            return self.before.exists
        return self.after != (self.before.data or b"")

    @property
    def created(self) -> bool:
        """Whether the file does not exist yet."""
        return self.changed and not self.before.exists

    @property
    def removed(self) -> bool:
        """Whether the file will not exist any more."""
        return self.changed and self.after is None

    @property
    def mode(self) -> int:
        """Permission bits after the change."""
        if self.chmod is not None:
            return self.chmod
        return self.new_mode if self.before.mode is None else self.before.mode

    @property
    def mode_change(self) -> tuple[int, int] | None:
        """The permission bits before and after, where the write changes them."""
        old = self.before.mode
        return None if old is None or self.chmod in (None, old) else (old, self.mode)

    def diff(self, context: int = 2) -> list[str]:
        """Return the change as the lines of a unified diff, without line ends."""
        lines = []
        for group in self._groups(context):
            first, last = group[0], group[-1]
            lines.append(
                f"@@ -{_range(first.old[0], last.old[1])} +{_range(first.new[0], last.new[1])} @@"
            )
            lines += [f"{row.sign}{row.text}" for span in group for row in span.rows]
        return lines

    def rows(self, context: int = 1) -> list[DiffRow]:
        """Return the changed lines with their numbers, and ``context`` lines around them."""
        return [row for group in self._groups(context) for span in group for row in span.rows]

    def _groups(self, context: int) -> Iterator[list[_Span]]:
        """Yield the changes with what is around them.

        Lines are compared as they are and shown masked, so that a change of nothing but the secret
        shows, too.
        """
        old, new = decode(self.before.data or b"", ""), decode(self.after or b"", "")
        shown_old, shown_new = self._masked(old), self._masked(new)
        old_lines, new_lines = _lines(old), _lines(new)
        matcher = _LineMatcher(old_lines, new_lines)
        groups = [
            [_span(shown_old, shown_new, *code) for code in group]
            for group in matcher.get_grouped_opcodes(context)
        ]
        told = "\n".join(row.text for group in groups for span in group for row in span.rows)
        hidden = (*hidden_values(old_lines, shown_old), *hidden_values(new_lines, shown_new))
        # What is a secret in one line is one in every other line as well, such as a comment.
        mask = mask_words({value for value in hidden if value in told})
        for group in groups:
            yield [
                span._replace(rows=[row._replace(text=mask(row.text)) for row in span.rows])
                for span in group
            ]

    def _masked(self, text: str) -> list[str]:
        """Return ``text`` as masked lines, one for each of :func:`_lines`."""
        lines = _lines(_MASKS[self.role](text))
        if len(lines) != len(_lines(text)):  # better no line than a wrong one
            return [MASK] * len(_lines(text))
        return [line.removesuffix("\n").removesuffix("\r") for line in lines]


class _Span(NamedTuple):
    """Neighbouring lines that are alike or differ; ``old`` and ``new`` are their indexes."""

    old: tuple[int, int]
    new: tuple[int, int]
    rows: list[DiffRow]


def _span(
    old: Sequence[str], new: Sequence[str], tag: str, i: int, i_end: int, j: int, j_end: int
) -> _Span:
    removed = [DiffRow(number + 1, "-", old[number]) for number in range(i, i_end)]
    sign = " " if tag == "equal" else "+"
    added = [DiffRow(number + 1, sign, new[number]) for number in range(j, j_end)]
    return _Span((i, i_end), (j, j_end), added if tag == "equal" else [*removed, *added])


def _lines(text: str) -> list[str]:
    """Return the lines of ``text``, as TOML and ``.env`` count them, with their line feeds."""
    lines = re.split(r"(?<=\n)", text)
    return lines if lines[-1] else lines[:-1]


class _LineMatcher(difflib.SequenceMatcher[str]):
    """Compares lines like its parent, but files of any length in linear time.

    What begins and ends both files alike is left out first. Where much is left between two edits,
    lines that are in both files once, in the same order, divide it.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._old, self._new = old, new

    def get_matching_blocks(self) -> list[difflib.Match]:
        """Return the blocks of equal lines; the last one is empty, at the end of both."""
        old, new = self._old, self._new
        shorter = min(len(old), len(new))
        first = next((i for i in range(shorter) if old[i] != new[i]), shorter)
        ends = range(1, shorter - first + 1)
        after = next((i for i in ends if old[-i] != new[-i]), shorter - first + 1) - 1
        last = len(old) - after, len(new) - after
        between = _matches(old, new, (first, first), last)
        return [
            *_joined([difflib.Match(0, 0, first), *between, difflib.Match(*last, after)]),
            difflib.Match(len(old), len(new), 0),
        ]


_MOST_COMPARED = 40_000
"""Pairs of lines; comparing every line of one file with every one of the other is quadratic."""


def _matches(
    old: Sequence[str], new: Sequence[str], start: tuple[int, int], stop: tuple[int, int]
) -> Iterator[difflib.Match]:
    """Yield blocks of equal lines between two places, each a line of either file."""
    left, right = old[start[0] : stop[0]], new[start[1] : stop[1]]
    if len(left) * len(right) <= _MOST_COMPARED:
        blocks = difflib.SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
        for a, b, size in blocks:
            yield difflib.Match(start[0] + a, start[1] + b, size)
        return
    in_old, in_new = Counter(left), Counter(right)
    place = {line: i for i, line in enumerate(right, start[1]) if in_new[line] == 1}
    here = start
    for a, line in enumerate(left, start[0]):
        b = place.get(line, -1) if in_old[line] == 1 else -1
        if a >= here[0] and b >= here[1]:
            if (a - here[0]) * (b - here[1]) <= _MOST_COMPARED:
                yield from _matches(old, new, here, (a, b))
            here = a + 1, b + 1
            yield difflib.Match(a, b, 1)
    if (stop[0] - here[0]) * (stop[1] - here[1]) <= _MOST_COMPARED:
        yield from _matches(old, new, here, stop)


def _joined(blocks: Iterable[difflib.Match]) -> list[difflib.Match]:
    """Return the blocks without empty ones, and those as one that follow each other directly."""
    joined: list[difflib.Match] = []
    for block in blocks:
        if not block.size:
            continue
        if joined and (joined[-1].a + joined[-1].size, joined[-1].b + joined[-1].size) == block[:2]:
            joined[-1] = joined[-1]._replace(size=joined[-1].size + block.size)
        else:
            joined.append(block)
    return joined


def _range(start: int, stop: int) -> str:
    """Return the lines from ``start`` up to ``stop`` (from 0) as a unified diff writes them."""
    length = stop - start
    return f"{start + 1 if length else start},{length}"


class StoreChange(NamedTuple):
    """The secret in a store other than ``.env``; ``after`` None removes it.

    ``expected`` is what was there when the change was planned; None where that is not known.
    """

    kind: StoreKind
    store: ExternalStore
    after: Secret | None
    expected: Secret | None = None

    def read_unchanged(self) -> Secret | None:
        """Return what is there now; raise :class:`FileRefused` if that is not as expected."""
        found = self._read()
        if self.expected is not None and found != self.expected:
            raise FileRefused(
                "file-changed",
                _(
                    "Somebody else changed the secret in {name} since the wizard read it; it was "
                    "left as it is now.",
                    name=self.store.name,
                ),
                _("Start again to see the new content."),
            )
        return found

    def _read(self) -> Secret | None:
        """Return what is there; what no key decrypts any more counts as nothing."""
        try:
            return self.store.read()
        except StoreUnusable as error:
            if error.code in self.kind.lost_codes:
                return None
            raise

    def apply(self) -> None:
        """Store the secret and read it back, or remove it; raise :class:`StoreUnusable`."""
        if self.after is None:
            self.store.delete()
            return
        self.store.write(self.after)
        if self.store.read() != self.after:
            raise StoreUnusable(
                "store-not-verified",
                _("What {name} gives back is not what was stored.", name=self.store.name),
                _("Keep the secret in .env: --store env"),
            )


class StoreOpener(NamedTuple):
    """How to get at the stores other than ``.env``."""

    open: Callable[[CurrentConfig, StoreKind], ExternalStore] = CurrentConfig.open_store
    """Opens the store of a configuration."""
    reopen: Callable[[StoreKind, Path, Mapping[str, str]], ExternalStore] = StoreKind.reopen
    """Finds the store of an earlier write: its kind, config.toml, its ``reopen_details``."""

    def knowing(self, known: Mapping[StoreKind, ExternalStore]) -> StoreOpener:
        """Return an opener that uses the stores that are open already."""

        def reopen(kind: StoreKind, config: Path, details: Mapping[str, str]) -> ExternalStore:
            return known[kind] if kind in known else self.reopen(kind, config, details)

        return self._replace(reopen=reopen)


STORES = StoreOpener()
"""The operator's own."""
