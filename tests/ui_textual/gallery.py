"""Scenes of the account screen, made of its widgets and nothing else: to be looked at and measured.

``python -m tests.ui_textual.gallery SCENE`` shows one in this terminal; ^Q leaves it.
"""

from __future__ import annotations

import asyncio
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.pilot import Pilot
from textual.reactive import Reactive
from textual.screen import Screen

from wizard.text.display import DiffRow
from wizard.ui.account.view import Line, Option
from wizard.ui.textual.buttons import Buttons, Keys
from wizard.ui.textual.field import OneLineInput, SecretInput
from wizard.ui.textual.lines import Divider, PanelLine
from wizard.ui.textual.panel import HEIGHTS, WIDTHS, Edge, FilePreview, Panel, Preview, size_classes
from wizard.ui.textual.row import Form, FormRow, InlineChoice
from wizard.ui.textual.terminal import DiffDriver
from wizard.ui.textual.type_ahead import TypeAheadApp

CONFIG = "bomnipotent_config/config.toml"


class Scene(NamedTuple):
    """What a screen shows."""

    title: str
    lines: Sequence[PanelLine]
    buttons: Sequence[tuple[str, str]]
    keys: Sequence[tuple[str, str]]
    right: str = ""
    role: str = ""
    values: tuple[str, str, str] = ("", "", "")
    focus: str = "user"
    notes: Sequence[tuple[str, str, str]] = ()
    """Row, text, sign."""
    marks: Sequence[tuple[str, str]] = ()


_TEST, _AGAIN = ("test", "Test"), ("test", "Test again")
_STAGES = [
    Line("✓", "smtp.gmail.com is 142.250.27.108.", "12 ms", word="Name"),
    Line("✓", "Port 465 answers.", "24 ms", word="Connection"),
    Line("✓", "TLS 1.3; the certificate is valid until 2027-02-11.", "41 ms", word="Encryption"),
    Line("✓", "smtp.gmail.com has greeted.", "18 ms", word="Greeting"),
]

SCENES = {
    "empty": Scene(
        "How it goes",
        [
            Line("1 ", "Type your mail address and its password. Enter goes on to what is left."),
            Line("2 ", "The wizard logs in just as the server will. No mail is sent."),
            Line("3 ", "You see every line that changes before it is written."),
            Line(),
            Line("", f"{CONFIG}, without mail settings so far", word="config.toml"),
            Line("", "./.env, gets one more line for the password", word=".env"),
            Line("", "runs in Docker Compose", word="server"),
        ],
        [_TEST, ("review", "Review")],
        [
            ("Enter", "go on"),
            ("↑↓", "field"),
            ("^R", "test"),
            ("^O", "files"),
            ("F1", "help"),
            ("Esc", "quit"),
        ],
        notes=[("user", "The server logs in with it and sends its mails from it.", "")],
    ),
    "failed": Scene(
        "The server cannot send mail: login refused",
        [
            Line("", "✓ Name  ✓ Connection  ✓ Encryption  ✓ Greeting  ✗ Login"),
            Line(),
            Line("", "smtp.gmail.com refuses alerts@gmail.com with this password."),
            Line(
                "→",
                "Create an app password at https://myaccount.google.com/apppasswords\nand paste it "
                "above. Your Google password does not work here.",
            ),
            Line(),
            Line("", "It said: 535-5.7.8 Username and Password not accepted."),
            Line("", "auth-rejected · ^T shows all that was said", quiet=True),
        ],
        [_AGAIN, ("review", "Review anyway")],
        [
            ("Enter", "test again"),
            ("↑↓", "field"),
            ("^T", "details"),
            ("F1", "help"),
            ("Esc", "quit"),
        ],
        "0.4 s",
        "fail",
        ("alerts@gmail.com", "•" * 12, "smtp.gmail.com"),
        "secret",
        [("secret", "This one was refused. Typing replaces it.", "✗")],
        [("secret", "✗")],
    ),
    "passed": Scene(
        "The server can send mail",
        [
            *_STAGES,
            Line("✓", "alerts@gmail.com is accepted.", "310 ms", word="Login"),
            Line("✓", "Mails from alerts@gmail.com are accepted.", "22 ms", word="Sender"),
            Line("✓", "Mails to alerts@gmail.com are accepted.", "21 ms", word="Recipient"),
            Line("", "No mail was sent; ^S sends a real one. ^T shows all that was said."),
        ],
        [("review", "Review the changes"), _AGAIN, ("send", "Send a mail")],
        [
            ("Enter", "review"),
            ("→", "other button"),
            ("↑", "field"),
            ("^S", "send a mail"),
            ("^T", "details"),
            ("Esc", "quit"),
        ],
        "0.5 s",
        "pass",
        ("alerts@gmail.com", "•" * 16, "smtp.gmail.com"),
        "buttons",
        marks=[(name, "✓") for name in ("user", "secret", "endpoint", "starttls")],
    ),
    "recognised": Scene(
        "Google wants an app password",
        [
            Line(
                "",
                "That is a password of 16 letters, made for one program alone. Your Google "
                "password does not work here.",
            ),
            Line(),
            Line("1 ", "Switch on 2-Step Verification:  https://myaccount.google.com/security"),
            Line("2 ", "Create an app password:         https://myaccount.google.com/apppasswords"),
            Line("3 ", "Paste it above. The blanks in it are left out."),
            Line(),
            Line("", "The server will connect to smtp.gmail.com, port 465."),
        ],
        [_TEST, ("review", "Review")],
        [
            ("Enter", "go on"),
            ("↑↓", "field"),
            ("←→", "choose"),
            ("^R", "test"),
            ("^O", "files"),
            ("F1", "help"),
            ("Esc", "quit"),
        ],
        values=("alerts@gmail.com", "", "smtp.gmail.com"),
        focus="secret",
        notes=[
            ("user", "Google: the rest is filled in.", ""),
            ("secret", "An app password, not your Google password.", "!"),
            ("endpoint", "From the wizard's own list of providers.", ""),
        ],
    ),
}

SMALL_HELP = Line(
    "!",
    "secret: an app password, not your Google password. Create it here: "
    "https://myaccount.google.com/apppasswords",
)

_FILES = [
    FilePreview(
        ".env",
        "1 line more",
        [DiffRow(1, " ", "BOMNIPOTENT_DB_PW=********"), DiffRow(2, "+", "SMTP_SECRET=********")],
    ),
    FilePreview(
        CONFIG,
        "8 lines more",
        [
            DiffRow(9, " ", "[provider_metadata.publisher]"),
            DiffRow(10, " ", 'name = "Example Inc."'),
            DiffRow(11, " ", 'namespace = "https://example.org"'),
            DiffRow(12, " ", 'category = "vendor"'),
            DiffRow(13, "+", ""),
            DiffRow(14, "+", "[smtp]"),
            DiffRow(15, "+", "# Login name at the mail server, usually the full e-mail address."),
            DiffRow(16, "+", 'user = "alerts@gmail.com"'),
            DiffRow(17, "+", "# Mail server host name, or smtp://host:port for a local relay."),
            DiffRow(18, "+", 'endpoint = "smtp.gmail.com"'),
            DiffRow(
                19,
                "+",
                "# Password or API key for the login; read from the environment or .env.",
            ),
            DiffRow(20, "+", 'secret = "${SMTP_SECRET}"'),
        ],
    ),
]


class SceneScreen(Screen[None]):
    """One scene, with the keys that move in it."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next"),
        Binding("up", "app.focus_previous"),
        Binding("pagedown", "page(1)"),
        Binding("pageup", "page(-1)"),
        Binding("ctrl+t", "scene('failed')"),
    ]

    def __init__(self, scene: str) -> None:
        super().__init__(classes=size_classes(self.app.size))
        self._scene = scene
        self.messages: list[str] = []
        """What the rows and buttons have said."""

    def compose(self) -> ComposeResult:
        if self._scene == "review":
            yield from self._review()
            return
        with Horizontal(id="sides"):
            with Vertical(id="form"):
                yield Edge("Mail account", "nothing is written yet", brand=True, id="top")
                with Form():
                    yield from self._rows(SCENES[self._scene].values)
                yield Edge("", CONFIG, ends="╰╯", id="bottom")
                yield Panel(id="panel")
            yield Preview()
        yield Buttons()
        yield Keys()

    def _rows(self, values: tuple[str, str, str]) -> ComposeResult:
        user, _, endpoint = values
        yield FormRow(
            "Mail address",
            OneLineInput(value=user, placeholder="you@example.org"),
            name="user",
            short="Address",
            setting="user",
        )
        yield FormRow("Password", SecretInput(), name="secret", setting="secret")
        yield FormRow(
            "Mail server",
            OneLineInput(value=endpoint, placeholder="found by your mail address"),
            name="endpoint",
            short="Server",
            setting="endpoint",
        )
        routes = [
            Option(False, "SMTPS, port 465", "SMTPS 465"),
            Option(True, "STARTTLS, port 587", "STARTTLS 587"),
        ]
        yield FormRow(
            "Encryption",
            InlineChoice(routes, False),
            name="starttls",
            short="Encrypt",
            setting="starttls",
        )
        stores = [Option(each, each) for each in (".env", "keyring", "no login")]
        yield FormRow(
            "Secret kept in",
            InlineChoice(stores, ".env"),
            name="store",
            short="Kept in",
            note_line=False,
        )
        checks = [
            Option(False, "by mail", alone="verified by mail"),
            Option(True, "not at all", alone="not verified"),
        ]
        yield FormRow(
            "Verify users",
            InlineChoice(checks, False),
            name="skip",
            short="Users",
            note_line=False,
        )

    def _review(self) -> ComposeResult:
        yield Panel(id="error", classes="-fitted", title_when_small=True)
        yield Panel(id="review", framed=False)
        yield Panel(id="after", framed=False, classes="-fitted")
        yield Buttons()
        yield Keys()

    def on_mount(self) -> None:
        if self._scene == "review":
            self._fill_review()
        else:
            self.action_scene(self._scene)

    def on_resize(self) -> None:
        if self._scene == "recognised":
            self._fit()

    def _fit(self) -> None:
        """Say less where there is less room."""
        small = self.has_class("-narrow") or self.has_class("-short")
        if small:
            self.query_one("#top", Edge).show("", "not written yet")
            self.query_one("#bottom").display = False
            self.query_one(Panel).show("", [SMALL_HELP])
            self.query_one(Keys).show([("Enter", "go on"), ("^R", "test"), ("F1", "help")])

    def action_scene(self, name: str) -> None:
        scene = SCENES[name]
        for row, text, sign in scene.notes:
            self.query_one(f"#row-{row}", FormRow).note(text, sign)
        note = "Encrypted from the first byte, on port 465."
        self.query_one("#row-starttls", FormRow).note(note)
        for row, sign in scene.marks:
            self.query_one(f"#row-{row}", FormRow).mark(sign)
        if scene.values[1]:
            self.query_one("#row-secret", FormRow).fill(scene.values[1])
        panel = self.query_one("#panel", Panel)
        panel.show(scene.title, scene.lines, right=scene.right, role=scene.role)
        self.query_one(Buttons).show(scene.buttons)
        self.query_one(Keys).show(scene.keys)
        self.query_one(Preview).show(_FILES)
        if scene.focus == "buttons":
            self.query_one(Buttons).focus()
        else:
            self.query_one(f"#row-{scene.focus}", FormRow).take_focus()

    def _fill_review(self) -> None:
        self.query_one("#error", Panel).show(
            "Before you write: 1 error, 1 warning",
            [
                Line(
                    " ✗ ",
                    "With these values the server sends no mail, and nobody new can register.",
                    lead="The test failed: login refused.",
                ),
                Line(
                    " ! ",
                    "config.toml lacks db_url, domain, [tls], [provider_metadata.publisher].",
                    lead="The server will not start yet:",
                ),
            ],
            role="error",
        )
        lines: list[PanelLine] = [
            Line("", "Everything else stays as it is.", lead="These lines will be written.")
        ]
        env, config = _FILES
        lines += [Divider(".env", "changed, only you can read it"), *env.rows]
        lines += [Divider(CONFIG, "changed"), *config.rows[3:]]
        self.query_one("#review", Panel).show(
            "", lines, footer="everything is shown", footer_if_cut="PgDn shows more"
        )
        after = "Afterwards the server must be started again: it does not notice a new password."
        self.query_one("#after", Panel).show("", [Line("", after)])
        self.query_one(Buttons).show([("back", "Back"), ("write", "Write anyway")])
        self.query_one(Buttons).focus_button("back")
        self.query_one(Keys).show(
            [
                ("Enter", "back"),
                ("→", "other button"),
                ("PgDn", "more"),
                ("^T", "details"),
                ("F1", "help"),
                ("^Q", "quit"),
            ]
        )

    def action_page(self, direction: int) -> None:
        for panel in self.query(Panel):
            if panel.page_down() if direction > 0 else panel.page_up():
                break

    def on_form_row_changed(self, event: FormRow.Changed) -> None:
        self.messages.append(f"changed {event.row.name}")

    def on_form_row_left(self, event: FormRow.Left) -> None:
        self.messages.append(f"left {event.row.name}")

    def on_form_row_confirmed(self, event: FormRow.Confirmed) -> None:
        self.messages.append(f"confirmed {event.row.name}")

    def on_buttons_pressed(self, event: Buttons.Pressed) -> None:
        self.messages.append(f"pressed {event.button_id}")


class Gallery(TypeAheadApp[None]):
    """Shows one scene."""

    CSS: ClassVar[str] = (pkgutil.get_data("wizard.ui.textual", "wizard.tcss") or b"").decode() + (
        "#sides { height: 1fr; } .-wide #form { width: 67; } #review { height: 1fr; }"
    )
    theme: Reactive[str] = Reactive("ansi-dark")
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", priority=True)]

    def __init__(self, scene: str) -> None:
        super().__init__()
        self._scene = scene
        self.driver_class = DiffDriver
        self.animation_level = "none"

    def on_mount(self) -> None:
        self.push_screen(SceneScreen(self._scene))


async def settled(pilot: Pilot[None]) -> None:
    """Wait until everything that keys and clicks have caused is done and drawn."""
    app = pilot.app
    assert isinstance(app, Gallery)
    quiet = 0
    async with asyncio.timeout(60.0):
        while quiet < 2:
            await pilot.pause()
            widgets = app.screen.walk_children(with_self=True)
            busy = len(app.screen_stack) < 2 or app.handling_keys
            busy = busy or any(each.message_queue_size for each in widgets)
            quiet = 0 if busy else quiet + 1


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, and wait for what they cause."""
    await pilot.press(*keys)
    await settled(pilot)


def drawn(app: App[Any]) -> str:
    """Return what is drawn, line by line, without blanks at the end."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001  (no public way)
    return "\n".join(strip.text.rstrip() for strip in strips)


if __name__ == "__main__":
    Gallery(sys.argv[1]).run(mouse=False)
