"""What a refusing reply is about, read from the server's words, then from its codes.

Providers reuse reply codes: 550 is a mailbox that does not exist, a block list, or a quota. So the
words come first, then the enhanced status code (RFC 3463), then the reply code alone. Servers also
refuse late: Postfix tells a client at RCPT what it holds against its address, its name or its
sender, so most rules hold at every stage, and a stage is given only where the meaning depends on
it. What no rule recognises is never harmless, and a reply is only about one mailbox if it speaks of
nothing else. Words within addresses, host names and links do not count.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from wizard.live_test.failure import Cause, Failure, Stage


class Subject(Enum):
    """What the server has an objection to, or a problem with."""

    ENCRYPTION = auto()
    """It wants an encrypted connection."""
    STARTTLS = auto()
    """It does not begin to encrypt."""
    APP_PASSWORD = auto()
    """It wants a password made for programs."""
    LOGIN_DISABLED = auto()
    """It allows no logins by SMTP, to this account or at all."""
    LOGIN_UNAVAILABLE = auto()
    """It cannot check logins for the moment."""
    LOGIN_MECHANISM = auto()
    """It does not know the mechanism."""
    CREDENTIALS = auto()
    LOGIN_REQUIRED = auto()
    GREYLISTING = auto()
    """The first mail has to be sent again."""
    RATE = auto()
    """Too much has been sent or tried: a rate, a quota, or the credits of the account."""
    EHLO_NAME = auto()
    CLIENT = auto()
    """It refuses this machine, mostly by its address."""
    SENDER = auto()
    RELAYING = auto()
    """It passes on no mail of this client."""
    MAILBOX = auto()
    """Only this one recipient's mailbox: unknown, full, or disabled."""
    SIZE = auto()
    SERVER = auto()
    """It has trouble of its own."""
    OTHER = auto()
    """It does not say."""


class _Rule(NamedTuple):
    subject: Subject
    stages: tuple[Stage, ...]
    pattern: re.Pattern[str]


_MAIL = (Stage.MAIL, Stage.RCPT, Stage.DATA)
_RCPT = (Stage.RCPT,)
_AUTH = (Stage.AUTH,)
_ANY = (Stage.GREETING, Stage.EHLO, Stage.AUTH, *_MAIL)


def _rule(subject: Subject, stages: tuple[Stage, ...], *patterns: str) -> _Rule:
    return _Rule(subject, stages, re.compile("|".join(patterns), re.IGNORECASE))


_REFUSED = (
    r"(?:reject\w*|refus\w*|den(?:y|ied)|block\w*|banned|forbidden|disallowed|prohibited|invalid"
    r"|incorrect|not (?:yet )?(?:allowed|permitted|accept\w*|authori[sz]ed|valid))"
)
_HELD_BACK = (
    r"(?:block\w*|suspend\w*|disabled|paused|stopped|locked|not (?:allowed|permitted|available))"
)
_IP = r"(?:\bips?\b(?: address(?:es)?)?|\[?(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}\b\]?)"

_OWNER = r"(?:user|recipient|addressee|mailbox|(?:e-?mail )?address|person|local[- ]part|alias)"
_IS = r"(?:(?:name|account|is|was|has|been|does|(?:that )?you tried to reach)\W+)"
_NOT_THERE = (
    r"(?:unknown|(?:does ?)?n[o']t exist|undeliverable|no longer (?:exists|here|on)"
    r"|(?:not |could not be )(?:found|known|recogni[sz]ed|here))"
)
_TO_WAIT = (
    r"(?:\d+|recipient|address|message|mail|rejected|temporar\w+|deferred|delayed|postponed|please"
    r"|try|retry|again|come|back|in|later|s|m|sec\w*|min\w*)"
)
_MORE_THAN_A_MAILBOX = (
    r"ips?|dns|client|hosts?|host ?names?|machine|gateway|smarthost|connect\w*|session|helo|ehlo"
    # The sender, its account, and what it may do
    r"|senders?|send|sending|sent|from|your|auth\w*|log ?in|tenant|plan|invoice|subscription"
    r"|bill|paid|pay|pending|regist\w+|suspended|(?:white|allow) ?list\w*"
    r"|licen[cs]e\w*|trial|upgrade|outgoing|outbound|submi\w+|relay\w*(?!=| recipient)|not local"
    r"|domain(?! name ok)"
    # Rules and suspicions
    r"|polic\w+|allow\w*|permi\w+|access|denied|verif\w+|black ?list\w*|banned|spam|abus\w*"
    r"|content|filter\w*|activity|security|compromised|suspicious"
    # Amounts, and the server itself
    r"|per (?:hour|day|minute)|rate(?! (?:that|limit))|error|failure|lookup fail\w*|transport"
    r"|server(?<!on server)|service|smtp(?! address lookup)"
)
_ONLY_A_MAILBOX = rf"^(?!.*\b(?:{_MORE_THAN_A_MAILBOX})\b)"
"""Begins the patterns for a single mailbox: a reply with one of these words may mean every mail."""

WORDS: tuple[_Rule, ...] = (
    _rule(Subject.STARTTLS, (Stage.STARTTLS,), r""),
    _rule(
        Subject.ENCRYPTION, (Stage.AUTH, *_MAIL),
        r"^538", r"\b5\.7\.1[01]\b",
        r"\b(?:starttls|encrypt\w*|tls|ssl|secure connection)\b[^;.]{0,40}"
        r"\b(?:required|needed|mandatory|first)\b",
        r"\b(?:must|needs? to|have to|required? to|please) "
        r"(?:first )?(?:use |issue |enable |start )?(?:an? )?(?:starttls|ssl|tls|encrypt|secure)",
        r"\b(?:require[sd]?|needs?) (?:an? )?(?:starttls|ssl|tls|encrypt|secure)",
        r"without (?:using )?(?:an? )?(?:starttls|ssl|tls|encrypt|secure)",
        r"only (?:over|via|with|on|after|through) (?:an? )?(?:starttls|ssl|tls|encrypted|secure)",
        r"(?:(?:plain|clear) ?text|unencrypted|insecure) (?:auth\w*|logins?|connections?|sessions?)"
        r"[^;.]{0,20}"
        + _REFUSED,
        r"\btls 1\.[01]\b", r"\b(?:connect|use) (?:by|with|over) (?:tls|ssl)\b",
    ),
    _rule(
        Subject.APP_PASSWORD, _AUTH,
        r"^534 5\.7\.9\b", r"\b5\.7\.9\b",
        r"app(?:lication)?[- ]?(?:specific )?(?:pass(?:wor[dt]|code|phrase)?|token)\b",
        r"authori[sz]ation code", "parol prilozheniya", "授权码",
        r"mot de passe d.application", r"\b(?:two|2)[- ]?factor", r"\b2fa\b",
    ),
    _rule(
        Subject.LOGIN_DISABLED, (Stage.AUTH, Stage.MAIL),
        r"\b5\.7\.30\b", "smtpclientauthentication",
        r"basic auth\w* (?:is |has been |was )?(?:disabled|not supported|retired|blocked)",
        r"auth\w* (?:is |has been )?(?:disabled|not enabled|switched off|turned off)",
        r"\b(?:smtp|service|access)\b[^.;]{0,30}"
        r"\b(?:not (?:enabled|activated|open\w*|allowed for)|disabled|switched off)",
        r"not (?:yet )?(?:enabled|activated)\b", r"\bhas no (?:permission|right|access)",
        r"not have (?:\w+ )?access", "security defaults", "did not meet the criteria",
        "未开启|未开通|没有开启|没有开通|无权",
    ),
    # Postfix says so of whatever it was about to check: "Client host rejected: Server ..."
    _rule(
        Subject.SERVER, (Stage.GREETING, Stage.EHLO, *_MAIL),
        r"\bserver configuration (?:problem|error)", r"\btemporary lookup failure",
    ),
    # What else stands at the recipient's address, before words for quotas and rates of the account
    _rule(
        Subject.SIZE, _MAIL,
        r"\b[45]\.3\.4\b",
        r"\b(?:message|mail|size)\b[^.;]{0,30}\btoo (?:big|large|long)",
        r"\b(?:message|mail) (?:size|length) (?:exceeds|limit)",
        r"\bexceeds?\b[^.;]{0,30}\b(?:size|maximum message)",
    ),
    _rule(
        Subject.OTHER, (Stage.DATA,),  # the mail itself, before words for rates and block lists
        r"\bhop count\b", r"\bhops\b", r"\bmail loop", r"\breceived headers?\b", r"\bline length\b",
        r"\b(?:virus|malware|infected|attachment|eicar)\b", r"\bbanned:", "spamassassin",
        r"\bspam (?:message|points|score|detected)", r"\b(?:as|of|consider) spam\b",
        r"polic(?:y|ies) violation",
    ),
    _rule(
        Subject.GREYLISTING, _MAIL,
        r"^4\d\d\b(?!.*\b(?:exceed\w*|quotas?|limit\w*|too (?:many|much)|block\w*|banned)\b)"
        r".*\b(?:gr[ea]y-?[ -]?list|postgrey|not yet authori[sz]ed to deliver)",
    ),
    _rule(
        Subject.MAILBOX, _RCPT,
        r"receiving mail (?:at a rate|too quickly)",
        _ONLY_A_MAILBOX + r"(?:([45])\d\d \1\.2\.2\b|.*(?:"
        r"\brecipient(?:'s \w+)? (?:has |is )?(?:exceeded|over)\b"
        r"|\b(?:recipient|user|mailbox|inbox)\b\W+(?:is )?over ?-?quota"
        r"|\b(?:mailbox|inbox|boite)\b[^.;]{0,30}\b(?:full|pleine)\b"
        r"|\b(?:mailbox|inbox)\b[^.;]{0,30}\b(?:quota|size|storage|space)\b[^.;]{0,20}\bexceed"
        r"|\b(?:mailbox|inbox)\b[^.;]{0,20}\bexceed\w*[^.;]{0,20}\b(?:quota|size|storage|space)\b))",
    ),
    _rule(
        Subject.MAILBOX, (Stage.MAIL, Stage.DATA),
        r"\b[45]\.2\.2\b", r"\b(?:mailbox|inbox)\b[^.;]{0,30}\bfull\b",
    ),
    _rule(
        Subject.RATE, _ANY,
        r"\btoo (?:many|much mail|fast|frequent\w*|often)", r"ratelimit",
        r"\brate[ -]?(?:limit|overlimit|control)",
        r"throttl", r"frequency limit", r"\bover-?limit", r"quotaexceed",
        r"\bper (?:second|minute|hour|day|month)\b", r"concurrent (?:smtp )?connections",
        r"\b(?:limits?|quotas?|credits?|allowance|maximum|volume)\b[^.;]{0,60}"
        r"\b(?:exceed\w*|reach\w*|exhaust\w*|used up|hit)\b",
        r"limit (?:erreicht|(?:ue|ü)berschritten)",
        r"\bun(?:usual|expected) (?:sending|volume|rate)",
        r"\b(?:exceed\w*|reach\w*|over|exhausted)\b[^.;]{0,60}"
        r"\b(?:limits?|quotas?|credits|allowance|maximum|max|threshold)\b",
        r"\b(?:no|out of|insufficient|not enough) (?:\w+ )?credits?\b", r"\bhas sent \d+",
        r"\b\d+ (?:messages|mails|emails|rcpts|recipients)\b[^.;]{0,30}\b(?:per|every|a) ",
        r"\brate (?:is )?(?:exceeded|too high)\b",
    ),
    # This machine: its registration, the name it gives, its address
    _rule(
        Subject.CLIENT, _ANY,
        r"invalid credentials for relay", r"registered in your", r"mail relay denied \[",
    ),
    _rule(
        Subject.EHLO_NAME, _ANY,
        r"\b(?:helo|ehlo)\b (?:command )?" + _REFUSED, r"\bhelo command \[",
        r"\b(?:invalid|bad|empty|wrong|illegal|forged|fake|bogus)\s+(?:\w+ ){0,3}(?:helo|ehlo)\b",
        r"\b(?:helo|ehlo)\b[^.;]{0,40}\b(?:argument|domain|name|hostname|invalid|fully|fqdn"
        r"|not (?:allowed|valid|accepted)|mismatch|resolve\w*|requires|impersonat\w*|spoof\w*)",
        r"\b(?:helo|ehlo)\b[^.;]{0,40}\bdoes ?n[o']t match",
        r"\b(?:said|sent|gave) (?:helo|ehlo)\b",
        r"\bhost ?name in (?:\w+ )?greeting",
        r"fully[- ]qualified (?:host|domain) ?-?name", r"\((?:EHLO|HELO)\)",
        r"need(?:s)? (?:an? )?(?:valid |full )?host ?name",
    ),
    _rule(
        Subject.SENDER, _MAIL,
        r"\bheader from\b", r"\bfrom:? header\b", r"\b5\.7\.2[67]\b", r"\b(?:spf|dmarc|dkim)\b",
        r"\bsender policy framework\b",
        r"\bsender address (?:\[|rejected(?!: not logged in)|has null)",
        r"\bsender domain\b[^.;]{0,40}\blisted",
    ),
    _rule(
        Subject.LOGIN_REQUIRED, _MAIL,
        r"\bauth\w* (?:is )?(?:required|needed|mandatory)", r"\brequires? (?:smtp )?auth",
        r"\b(?:must|please|need to|have to) (?:first )?(?:authenticate|log ?in|auth)\b",
        r"\bnot (?:been )?(?:authenticated|logged in)", "unauthenticated",
        "without auth", r"turn on smtp auth", r"\b(?:auth|log ?in) first\b",
        r"\b(?:anmeldung|authentifi\w+|aut[eh]+nti[cf]a\w+)\b[^.;]{0,20}"
        r"\b(?:erforderlich|n(?:oe|ö)tig|requi\w+|richiesta)",
    ),
    _rule(
        Subject.CLIENT, _ANY,
        r"\bclient (?:host|address|ip)", "blocked using", r"\b(?:block|black|deny) ?-?list",
        r"\b(?:rbl|dnsbl)s?\b", "spamhaus|sorbs|spamcop|barracuda", r"\bbanned\b",
        r"unauthori[sz]ed (?:ip|host|client|source|server)", r"\bptr\b", r"\brdns\b",
        r"reverse[- ]?(?:dns|hostname|name|lookup)", r"cannot find your (?:reverse )?host ?name",
        r"\breputation\b", r"\b[45]\.7\.25\b", r"\b5\.7\.(?:606|51[12])\b",
        _IP + r"[^;]{0,60}\b(?:listed|suspicious|unauthori[sz]ed|(?:white|allow)-?list\w*|"
        + _REFUSED[3:],
        _REFUSED + r"[^.;]{0,40}" + _IP, _REFUSED + r"[^.;]{0,20}\bhost\b",
        r"connections? (?:will )?not (?:be )?accepted", "permanently deferred",
        "not been configured to let you",
        r"\byour (?:mail ?server|machine|network|country|region|location)\b[^.;]{0,20}" + _REFUSED,
        r"\bgeo-?(?:ip|block|location)", r"\bhost network\b",
        r"\b(?:sending|connecting) (?:host|machine|server|mta)\b",
    ),
    _rule(
        Subject.SENDER, _MAIL,
        r"\b5\.7\.60\b", r"\b5\.2\.252\b", r"\b[45]\.1\.[78]\b", r"send ?-?as\b",
        r"senda?sdenied", r"not owned", "sandbox",
        r"\b(?:not |un)verified(?! address)", r"verified sender|sender identity",
        r"\bsender verif",
        r"\b(?:sender|from)\b[^.;]{0,60}(?:\b(?:must|incorrect|mismatch|blacklisted|"
        r"not (?:match\w*|owned|registered|exist|configured|found|hosted)|does ?n[o']t)\b|\b"
        + _REFUSED + ")",
        r"\b(?:invalid|incorrect|unknown|unauthori[sz]ed|bad|unconfigured|unregistered)\s+"
        r"(?:\w+ ){0,2}(?:sender|from|sending domain)", r"sending domain",
        r"(?:allowed|permi\w+|authori[sz]ed|rights?)(?: \w+)? to send",
        r"envelope (?:sender|from|domain)", "badmailfrom", r"relaying disallowed as",
        r"\bmail from (?:address )?must", r"emetteur", r"return[- ]path", r"\blocal senders?\b",
        r"\b(?:outgoing|outbound|sending|submission)\b[^.;]{0,40}\b" + _HELD_BACK,
        _HELD_BACK + r"[^.;]{0,20}\b(?:outgoing|outbound|sending|submission)\b",
        r"\boutgoing blocked", r"\b(?:can|may) only send\b", r"\bfrom address is not\b",
        r"\ballowed senders\b", r"\bas (?:the )?sender\b",
        r"not authori[sz]ed to perform", r"\byour (?:account|address)\b",
        r"\b(?:domain|address)\b[^.;]{0,40}"
        r"\bnot (?:associated|allowed|registered|configured|verified|confirmed|activated)",
    ),
    _rule(
        Subject.SENDER, (Stage.MAIL, Stage.DATA),
        r"\baccount\b[^.;]{0,30}\b(?:suspended|locked|blocked|disabled|not active|inactive)",
    ),
    _rule(
        Subject.RELAYING, _MAIL,
        r"\brelay\w*\b[^.;]{0,30}\b" + _REFUSED,
        r"\b(?:unable|not (?:allowed|permitted)|cannot|can't|refuse\w*|do(?:es)? not|don't|no) "
        r"(?:to )?relay", r"\brcpthosts\b", r"cannot deliver mail for", r"delivery is not allowed",
        r"\bwe do not relay",
    ),
    _rule(Subject.LOGIN_REQUIRED, _MAIL, r"^530"),
    # The server's own trouble
    _rule(
        Subject.SERVER, _MAIL,
        r"configuration (?:problem|error)", "misconfigur",
        r"\btemporar\w* (?:\w+ )?(?:problem|error|failure|trouble|unavailable)",
        r"\btemporar\w* (?:system|server|local|lookup)",
        r"\btemporarily (?:unavailable|not available|unable|out of)",
        r"\b(?:internal|local|system|server|database|backend|storage)(?: \w+)? "
        r"(?:error|problem|failure|trouble)",
        r"\bservice (?:is )?(?:currently |temporarily )?(?:unavailable|not available)",
        r"\b(?:insufficient|no|out of|lack of)(?: system| disk)? "
        r"(?:storage|resources|memory|space)",
        r"\b(?:space|storage) shortage", r"\b(?:disk|system) (?:is )?full", "queue file",
        r"queuing declined", r"qqt failure", r"cannot queue", r"\btime?d?[ -]?out\b",
        r"\bunable to (?:read|accept|process|connect|open|contact|verify)",
        r"\blookup (?:failure|error|failed)", r"shutting down",
        r"\bi/o error\b",
        r"\b(?:mail )?transport error", r"\bmaintenance\b", r"\bdns (?:\w+ )?(?:error|failure)",
        r"\bcannot reach\b",
    ),
    _rule(
        Subject.GREYLISTING, _MAIL,
        rf"^4\d\d\b(?=.*\b(?:come back later|in \d+ ?(?:s|m)))(?:\W+{_TO_WAIT})+\W*$",
    ),
    _rule(
        Subject.SERVER, (Stage.GREETING, Stage.EHLO),
        r"^4\d\d\b.*(?:not available|unavailable|\bunable to|resources|temporar|shutting down)",
        r"^[45]\d\d\b.*configuration (?:problem|error)",
    ),
    # Only this recipient; nothing else may be meant
    _rule(
        Subject.MAILBOX, _RCPT,
        _ONLY_A_MAILBOX + r"(?:([45])\d\d (?:\1|.*#\1)\.(?:1\.[16]|1\.10|2\.1)\b"
        r"|5\d\d.*#5\.1\.0 address rejected"
        r"|(?:5\d\d )?(?:5\.\d+\.\d+ )?requested action not taken: mailbox unavailable"
        r"\W*(?:\(\w+\)\W*)?$"
        rf"|(?!.*requested \w* ?action).*\b(?:{_OWNER}\W+{_IS}*{_NOT_THERE}"
        rf"|(?:mailbox\W+|account (?:that )?you tried to reach\W+){_IS}*"
        r"(?:does not exist|unavailable|disabled|inactive|deactivated|closed|invalid)"
        rf"|(?:no such|unknown|invalid|non-?existent|undeliverable|not a (?:valid|known))"
        rf"\W+(?:local\W+)?{_OWNER}|no (?:mailbox|account) (?:found|(?:here )?by that name)"
        r"|user does ?n[o']t have an? \W*account)"
        r"(?=\s*(?:$|[^\w\s]|(?:in|here|on|at|and|by|for|due|is currently)\b)))",
    ),
    # Logins
    _rule(
        Subject.LOGIN_MECHANISM, _AUTH,
        r"\b(?:no|invalid|unsupported|unrecogni[sz]ed|unknown)\b[^.;]{0,20}"
        r"\b(?:mechanism|authentication type)",
    ),
    _rule(
        Subject.LOGIN_DISABLED, _AUTH,
        r"\b(?:your|current|free|trial|upgrade|requires?)\b[^.;]{0,20}\b(?:plan|tariff)\b",
        r"\btariff\b", r"\b5\.7\.13\b",
        r"\b(?:account|user|mailbox)\b[^.;]{0,20}\b(?:disabled|suspended|deactivated|closed|blocked)",
    ),
    _rule(
        Subject.CREDENTIALS, _AUTH,
        r"\bpassword (?:transition|(?:is |has )?expired)",
        r"\b(?:invalid|incorrect|wrong|bad)\b[^.;]{0,30}\b(?:user|login|password|credential)",
        r"\b(?:user ?name|password|credentials?|login)\b[^.;]{0,40}\b"
        r"(?:incorrect|invalid|wrong|not (?:accepted|match\w*)|do not match|rejected)",
    ),
    _rule(
        Subject.LOGIN_UNAVAILABLE, _AUTH,
        r"temporar", r"at present", r"internal error", r"connection lost", r"\blater\b",
        r"(?<!reason )unavailable", r"server error", r"not respond",
        r"configuration (?:problem|error)",
    ),
)  # fmt: skip
"""The first rule that matches decides; each reply begins with its code."""

ENHANCED: tuple[_Rule, ...] = (
    _rule(Subject.LOGIN_DISABLED, _AUTH, r"5\.7\.139$"),
    _rule(Subject.SIZE, _MAIL, r"5\.2\.3$"),
    _rule(Subject.SERVER, (Stage.GREETING, Stage.EHLO, *_MAIL), r"[45]\.3\.\d+$|4\.4\.\d+$"),
    _rule(Subject.RATE, _MAIL, r"[45]\.5\.3$|5\.4\.5$|4\.7\.0$"),
    _rule(Subject.RATE, (Stage.GREETING, Stage.EHLO), r"4\.7\.0$"),
    _rule(Subject.LOGIN_UNAVAILABLE, _AUTH, r"4\.[37]\.\d+$"),
)

CODES: tuple[_Rule, ...] = (
    _rule(Subject.SERVER, _MAIL, r"4.*\b(?:later|retry)\b"),
    _rule(Subject.RATE, _ANY, r"421"),
    _rule(Subject.LOGIN_UNAVAILABLE, _AUTH, r"4"),
    _rule(Subject.LOGIN_MECHANISM, _AUTH, r"50[0234]"),
    _rule(Subject.CREDENTIALS, _AUTH, r"5"),
    _rule(Subject.CLIENT, (Stage.GREETING,), r"5"),
    _rule(Subject.SERVER, (Stage.GREETING,), r"4"),
    _rule(Subject.EHLO_NAME, (Stage.EHLO,), r"50[14]|55"),
    _rule(Subject.SERVER, _MAIL, r"451|452"),
)


_NAMES = re.compile(
    r"<[^<>\s]{1,320}>|https?://\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}"
    r"|(?<![\w.-])(?:[a-z0-9_-]{1,63}\.){1,10}[a-z]{2,24}(?![\w-])(?:[/?]\S*)?"
)
"""Addresses, host names and links: words in them say nothing."""
LONGEST_READ = 2000
"""Characters that are searched; no mail server says more, and a longer reply is never harmless."""
_HARMLESS = (Subject.MAILBOX, Subject.GREYLISTING)
_MARKED = re.compile(r"#([45]\.\d{1,3}\.\d{1,3})\b")
"""An enhanced status code as qmail and Cisco's mail servers write it, anywhere in the text."""


@lru_cache(maxsize=64)
def subject_of(stage: Stage, said: str, enhanced: str | None) -> Subject:
    """Return what a refusing reply is about; ``said`` is its code and all its words."""
    if enhanced is None and (marked := _MARKED.search(said)):
        enhanced = marked[1]
    too_long = len(said) > LONGEST_READ
    said = said[:LONGEST_READ]
    words = _NAMES.sub("*", said)
    for rules, text in ((WORDS, words), (ENHANCED, enhanced or ""), (CODES, said)):
        search = re.Pattern.search if rules is WORDS else re.Pattern.match
        for rule in rules:
            if stage in rule.stages and search(rule.pattern, text):
                return Subject.OTHER if too_long and rule.subject in _HARMLESS else rule.subject
    return Subject.OTHER


def only_this_mailbox(failure: Failure) -> bool:
    """Whether a refused recipient says nothing about mails to others."""
    subject = subject_of(failure.stage, failure.said, failure.enhanced)
    return failure.cause is Cause.REPLY and subject is Subject.MAILBOX
