"""Mail servers that refuse or misbehave: the verdict, the code, and the server's own words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
import trustme

from tests.live_test.servers import LoopbackNetwork, Run, Serve, verdict
from wizard.live_test.failure import Verdict
from wizard.text.display import LIMIT


async def test_the_stage_that_fails_is_the_last_and_says_who_is_refused(
    serve: Serve, run: Run
) -> None:
    async with serve({"AUTH": "535 5.7.8 Bad credentials"}, tls=True) as port:
        report = await run(port)
    assert report.stages[-1].outcome == "fail"
    assert report.stages[-1].stage == "auth"
    assert report.stages[-1].message == "you@example.org is refused."


@pytest.mark.parametrize(
    "reply",
    ["550 5.1.1 No such user", "552 5.2.2 Mailbox full", "450 4.2.1 Try later", "550 User unknown"],
)
async def test_the_senders_own_mailbox_need_not_accept_mails(
    serve: Serve, run: Run, reply: str
) -> None:
    async with serve({"RCPT": reply}, tls=True) as port:
        report = await run(port)
    assert report.verdict is Verdict.PASS
    [rcpt] = [finished for finished in report.stages if finished.stage == "rcpt"]
    assert rcpt.outcome == "skip"


@pytest.mark.parametrize(
    ("reply", "password", "code"),
    [
        ("553 5.7.1 Sender address rejected: not owned by user you", "x", "sender-refused"),
        ("553 5.7.1 Sender address rejected: not logged in", None, "secret-missing"),
        ("554 5.7.1 Relay access denied", "x", "recipient-refused"),
        ("554 5.7.1 Client host rejected: Access denied", None, "client-refused"),
        ("550 No thanks", "x", "recipient-refused"),
        ("530 5.7.0 Authentication required", None, "secret-missing"),
    ],
    ids=[
        "not owned",
        "not logged in",
        "relay denied",
        "client rejected",
        "no reason",
        "login required",
    ],
)
async def test_a_sender_that_is_only_refused_with_its_recipient_fails_the_test(
    serve: Serve, run: Run, reply: str, password: str | None, code: str
) -> None:
    async with serve({"RCPT": reply}, tls=True) as port:
        report = await run(port, password=password)
    assert verdict(report) == ("fail", code, "rcpt")


@pytest.mark.parametrize("words", [40, 300], ids=["short enough to be shown", "longer"])
async def test_what_follows_in_a_long_refusal_is_judged_as_well(
    serve: Serve, run: Run, words: int
) -> None:
    begin = f"550-5.1.1 User unknown: the mailbox does not exist. {'- ' * words}"
    reply = f"{begin}\r\n550 5.1.1 Your account is suspended, it may not send mail to anybody."
    async with serve({"RCPT": reply}, tls=True) as port:
        report = await run(port)
    assert report.verdict is Verdict.FAIL
    assert report.diagnosis is not None
    assert len(str(report.diagnosis.server_said)) <= LIMIT


async def test_a_refusal_longer_than_what_is_read_is_not_taken_for_harmless(
    serve: Serve, run: Run
) -> None:
    more = f"550-{'- ' * 400}\r\n" * 3
    reply = f"550-5.1.1 User unknown\r\n{more}550 Good day"
    async with serve({"RCPT": reply}, tls=True) as port:
        report = await run(port)
    assert report.verdict is Verdict.FAIL


async def test_the_servers_words_are_shown(serve: Serve, run: Run) -> None:
    async with serve({"AUTH": "535-5.7.8 Bad\r\n535 5.7.8 credentials"}, tls=True) as port:
        report = await run(port)
    assert report.diagnosis is not None
    assert report.diagnosis.server_said == "535 5.7.8 Bad credentials"


async def test_a_relay_that_demands_a_login_asks_for_the_secret(serve: Serve, run: Run) -> None:
    async with serve({"MAIL": "530 5.7.0 Authentication required"}) as port:
        report = await run(port, "smtp://localhost", password=None)
    assert verdict(report) == ("fail", "secret-missing", "mail")


async def test_greylisting_is_a_warning(serve: Serve, run: Run) -> None:
    async with serve({"RCPT": "450 4.7.1 Greylisted, try again"}, tls=True) as port:
        report = await run(port, recipient="admin@example.net")
    assert verdict(report) == ("warn", "greylisted", "rcpt")
    assert report.stages[-1].stage == "quit"


async def test_the_recipient_is_not_named_to_a_server_that_greylists_the_sender(
    serve: Serve, run: Run
) -> None:
    answers = {"MAIL": "451 4.7.1 Greylisted", "RCPT": "503 5.5.1 Sender first"}
    async with serve(answers, tls=True) as port:
        report = await run(port, recipient="admin@example.net")
    assert verdict(report) == ("warn", "greylisted", "mail")
    [rcpt] = [finished for finished in report.stages if finished.stage == "rcpt"]
    assert rcpt.outcome == "skip"


async def test_a_non_ascii_sender_needs_smtputf8(serve: Serve, run: Run) -> None:
    async with serve({}, tls=True) as port:
        report = await run(port, user="jürgen@example.org")
    assert verdict(report) == ("fail", "smtputf8-missing", "mail")


async def test_a_non_ascii_sender_needs_8bitmime_besides(serve: Serve, run: Run) -> None:
    answers = {"EHLO": "250-mail.example.org\r\n250-SMTPUTF8\r\n250 AUTH PLAIN"}
    async with serve(answers, tls=True) as port:
        report = await run(port, user="jürgen@example.org")
    assert verdict(report) == ("fail", "smtputf8-missing", "mail")
    assert report.diagnosis is not None
    assert "8BITMIME" in report.diagnosis.summary


@pytest.mark.parametrize("user", ["a b@example.org", "a@example.org> SIZE=1", "<a@example.org"])
async def test_a_user_that_would_end_the_path_is_not_sent(
    serve: Serve, run: Run, user: str
) -> None:
    async with serve({}, tls=True) as port:
        report = await run(port, user=user)
    assert verdict(report) == ("fail", "sender-refused", "mail")


@pytest.mark.parametrize(
    ("endpoint", "ip", "warns"),
    [
        ("smtp://mail.example.org", "1.2.3.4", True),
        ("smtp://mail.example.org", "127.0.0.1", False),
        ("smtp://relay", "1.2.3.4", True),
        ("smtp://relay", "10.0.0.7", True),
        ("smtp://relay", "127.0.0.1", False),
        ("smtp://localhost", "127.8.9.1", False),
    ],
)
async def test_a_clear_text_login_is_a_warning(
    serve: Serve, run: Run, authority: trustme.CA, endpoint: str, ip: str, warns: bool
) -> None:
    async with serve({}) as port:
        report = await run(port, endpoint, through=LoopbackNetwork(port, authority, ip))
    if warns:
        assert verdict(report) == ("warn", "clear-text-login", "auth")
    else:
        assert report.verdict is Verdict.PASS


class Login:
    """Offers only LOGIN and asks with ``prompts``; keeps the lines that it receives."""

    def __init__(self, prompts: Sequence[bytes], last: bytes = b"235 ok") -> None:
        self.prompts = prompts
        self.last = last
        self.lines: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in [
            b"220 hi",
            b"250-mail\r\n250 AUTH CRAM-MD5 LOGIN",
            *(b"334 " + prompt for prompt in self.prompts),
            self.last,
            *[b"250 ok"] * 3,
        ]:
            writer.write(reply + b"\r\n")
            self.lines.append((await reader.readline()).strip())


@pytest.mark.parametrize(
    "prompts",
    [
        [b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6"],
        [b"dXNlcm5hbWU=", b"cGFzc3dvcmQ="],
        [b"VXNlciBOYW1lAA==", b"UGFzc3dvcmQA"],
        [b"UGFzc3dvcmQ6", b"VXNlcm5hbWU6"],
    ],
    ids=["usual", "lower case", "microsoft", "swapped"],
)
async def test_login_answers_what_the_prompts_ask_for(
    serve: Serve, run: Run, prompts: list[bytes]
) -> None:
    server = Login(prompts)
    async with serve(server, tls=True) as port:
        report = await run(port, user="you@example.org", password="word")
    assert report.verdict is Verdict.PASS
    assert server.lines[1] == b"AUTH LOGIN"
    answers = [b"eW91QGV4YW1wbGUub3Jn", b"d29yZA=="]
    assert server.lines[2:4] == (answers[::-1] if prompts[0] == b"UGFzc3dvcmQ6" else answers)


@pytest.mark.parametrize("prompt", [b"UGluOg==", b"%%%", b"", b"Username:"])
async def test_nothing_is_sent_to_a_prompt_that_the_server_would_not_understand(
    serve: Serve, run: Run, prompt: bytes
) -> None:
    server = Login([prompt])
    async with serve(server, tls=True) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "protocol-error", "auth")
    assert not any(server.lines[2:])


async def test_login_gives_up_after_ten_challenges(serve: Serve, run: Run) -> None:
    server = Login([b"VXNlcm5hbWU6"] * 30)
    async with serve(server, tls=True) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "protocol-error", "auth")
    assert len([line for line in server.lines if line]) == 2 + 10


async def test_a_wrong_password_is_tried_exactly_once(serve: Serve, run: Run) -> None:
    lines: list[bytes] = []
    ended = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 hi", b"250-mail\r\n250 AUTH CRAM-MD5 LOGIN PLAIN", b"535 no"):
            writer.write(reply + b"\r\n")
            lines.append((await reader.readline()).strip())
        ended.set()

    async with serve(play, tls=True) as port:
        report = await run(port)
        await ended.wait()
    assert verdict(report) == ("fail", "auth-rejected", "auth")
    assert [line.split()[0] for line in lines] == [b"EHLO", b"AUTH", b"QUIT"]
    assert lines[1].startswith(b"AUTH PLAIN ")


async def test_a_reply_sent_before_a_hang_up_still_counts(serve: Serve, run: Run) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n421 4.4.2 Idle too long\r\n")
        await writer.drain()

    async with serve(play, tls=True) as port:
        report = await run(port)
    assert verdict(report) == ("fail", "server-trouble", "ehlo")
    assert report.diagnosis is not None
    assert report.diagnosis.server_said == "421 4.4.2 Idle too long"


async def test_the_name_for_ehlo_comes_from_the_endpoint(serve: Serve, run: Run) -> None:
    lines: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        lines.append(await reader.readline())

    async with serve(play) as port:
        await run(port, "smtp://localhost/box.example.org", password=None)
    assert lines == [b"EHLO box.example.org\r\n"]


async def test_control_and_format_characters_do_not_reach_an_event(serve: Serve, run: Run) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\u202egnp.exe\u200b \x9b2J \u2028bad"
    async with serve({"AUTH": f"535 5.7.8 {evil}"}, tls=True) as port:
        report = await run(port)
    assert report.diagnosis is not None
    assert report.diagnosis.server_said == "535 5.7.8 ]0;owned [31mgnp.exe 2J bad"
    for text in [report.diagnosis.server_said, *(stage.message for stage in report.stages)]:
        assert text.isprintable()


@pytest.mark.parametrize("secret", ["\ud800", "\0", "a\r\nQUIT"])
async def test_an_odd_secret_is_just_a_wrong_one(serve: Serve, run: Run, secret: str) -> None:
    async with serve({"AUTH": "535 5.7.8 no"}, tls=True) as port:
        report = await run(port, password=secret)
    assert verdict(report) == ("fail", "auth-rejected", "auth")


@pytest.mark.parametrize("recipient", ["a b@example.org", "a@b>\r\nDATA", "\ud800@example.org"])
async def test_a_recipient_that_is_not_an_address_is_not_sent(
    serve: Serve, run: Run, recipient: str
) -> None:
    answers = {"EHLO": "250-mail.example.org\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN"}
    async with serve(answers, tls=True) as port:
        report = await run(port, recipient=recipient)
    assert verdict(report) == ("fail", "recipient-refused", "rcpt")
