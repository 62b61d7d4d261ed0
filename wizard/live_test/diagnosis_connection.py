"""Names, addresses and ports that lead nowhere."""

from __future__ import annotations

from wizard.config.settings import Security
from wizard.live_test.diagnosis_rule import (
    Rule,
    alone,
    container_name,
    every,
    nearby,
    only_starttls,
    port,
    security,
)
from wizard.live_test.failure import Cause, Stage
from wizard.text.language import N_

REACHING: tuple[Rule, ...] = (
    Rule(
        Cause.CONTAINER_INTERNAL,
        "container-internal",
        N_("{host} means something else inside the server's container than on this machine."),
        N_("Start the server, then send a mail from there: bomnipotent_client test-email ADDRESS."),
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        "name-not-found",
        N_("There is no host with the name {host}; it looks like the name of a container."),
        N_(
            "If it is one, only the server's containers know it: send a mail from there with "
            "bomnipotent_client test-email ADDRESS. Else enter the full name."
        ),
        when=container_name,
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        "name-not-found",
        N_("There is no host with the name {host}."),
        N_(
            "Correct the endpoint: your mail provider's help names the host under SMTP or "
            "outgoing server."
        ),
    ),
    Rule(
        Cause.RESOLVER_DOWN,
        "dns-unavailable",
        N_("The DNS of this machine gives no answer about {host}."),
        N_("Check the DNS of this machine (/etc/resolv.conf), then test again."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        N_(
            "{host} is there, but nothing listens on port 465: this provider only offers "
            "STARTTLS, on port 587."
        ),
        N_("Set starttls = true."),
        stages=(Stage.TCP,),
        when=every(port(465), only_starttls),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Start the relay, or correct the port: none of the usual ones answers."),
        when=every(nearby, alone),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_(
            "Correct the name: {host} is not a mail server, or all of it is down. Neither 465, "
            "nor 587, nor 25 works either."
        ),
        when=alone,
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the name; if it is right, try starttls = true, which means port 587."),
        when=security(Security.TLS),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the name; if it is right, try starttls = false, which means port 465."),
        when=port(587),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the port in the endpoint, and that the relay is running."),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_(
            "{host} did not answer on port 465 within {text}: this provider only offers STARTTLS, "
            "on port 587."
        ),
        N_("Set starttls = true."),
        stages=(Stage.TCP,),
        when=every(port(465), only_starttls),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_("{host} did not answer on port {port} within {text}."),
        N_(
            "Correct the name, or look at routing and firewalls (this machine's and the hosting "
            "provider's): none of the ports 465, 587 and 25 works."
        ),
        stages=(Stage.TCP,),
        when=alone,
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_(
            "{host} did not answer on port 25 within {text}: many hosting providers block this "
            "port."
        ),
        N_("Use port 465 (the bare host name) or 587 (starttls = true) instead."),
        stages=(Stage.TCP,),
        when=port(25),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_(
            "{host} did not answer on port 465 within {text}: the name is wrong, or a firewall or "
            "your hosting provider (Hetzner Cloud, for one) blocks the port."
        ),
        N_("Try starttls = true, which means port 587 and is blocked less often."),
        stages=(Stage.TCP,),
        when=port(465),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_(
            "{host} did not answer on port 587 within {text}: the name is wrong, or a firewall "
            "blocks the port."
        ),
        N_("Try starttls = false, which means port 465; then look at the firewall."),
        stages=(Stage.TCP,),
        when=port(587),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_("{host} did not answer on port {port} within {text}."),
        N_("Check name and port, then the firewalls between this machine and {host}."),
        stages=(Stage.TCP,),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_("The DNS of this machine did not answer about {host} within {text}."),
        N_("Check the DNS of this machine (/etc/resolv.conf), then test again."),
        stages=(Stage.DNS,),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_("{host} did not say within {text} whether it takes the mail."),
        N_("Look whether the mail has arrived before you send another one."),
        stages=(Stage.DATA,),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        N_("{host} accepted the connection on port {port}, but fell silent when {step}."),
        N_("Check that {port} is the port of a mail server; else test again later."),
    ),
    Rule(
        Cause.UNREACHABLE,
        "unreachable",
        N_("There is no way from this machine to {host} ({text})."),
        N_("Check the routing and the firewall of this machine."),
    ),
    Rule(
        Cause.ADDRESS_SILENT,
        "address-silent",
        N_(
            "{host} also has the address {text}, which does not answer: the server tries it first "
            "and may wait up to a minute for every mail."
        ),
        N_("Repair the route to this address (often IPv6), or switch IPv6 off on the server."),
        warning=True,
    ),
)
