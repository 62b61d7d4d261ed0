"""What a failed TLS handshake means, and a look at a server's TLS without trusting it."""

from __future__ import annotations

import ssl

from wizard.live_test.failure import Cause, Certificate
from wizard.live_test.smtp import ConnectionClosed, Conversation
from wizard.probe.certificate import read_certificate
from wizard.probe.network import Address, Network
from wizard.text.language import _

# OpenSSL's X509_V_ERR_… numbers.
_VERIFICATION = {
    9: Cause.CERTIFICATE_NOT_YET_VALID,
    10: Cause.CERTIFICATE_EXPIRED,
    62: Cause.CERTIFICATE_NAME,
    64: Cause.CERTIFICATE_NAME,
}
# What OpenSSL makes of a peer that answers in clear text; the words differ between its versions.
_CLEAR_TEXT = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "INVALID_RECORD_TYPE",
        "UNEXPECTED_MESSAGE",
    }
)
_TOO_OLD = frozenset(
    {
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_SSL_VERSION",
        "VERSION_TOO_LOW",
        "NO_PROTOCOLS_AVAILABLE",
    }
)


def cause_of(error: OSError) -> Cause:
    """Say why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFICATION.get(error.verify_code, Cause.CERTIFICATE_UNTRUSTED)
    reason = getattr(error, "reason", None) or ""
    if reason in _CLEAR_TEXT:
        return Cause.NOT_TLS
    if reason in _TOO_OLD:
        return Cause.TLS_TOO_OLD
    return Cause.TLS_FAILED


def words_of(error: OSError) -> str:
    """Return the shortest words that OpenSSL or the system have for ``error``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, ConnectionError):
        return error.strerror or _("the connection was ended")
    return error.strerror or type(error).__name__


async def look(
    network: Network, address: Address, host: str, starttls_as: str | None
) -> Certificate | None:
    """Connect once more without verification and without a login; return the certificate.

    ``starttls_as`` is the name for EHLO when the encryption begins by STARTTLS, None when it
    begins at once. Raises :class:`OSError` or a conversation's errors when there is no TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sock = await network.connect(address)
    conversation = await Conversation.open(sock, host, None if starttls_as else context)
    try:
        if starttls_as:
            await conversation.reply()
            await conversation.command(b"EHLO", starttls_as.encode())
            await conversation.command(b"STARTTLS")
            await conversation.encrypt(context, host)
        if conversation.tls is None:
            raise ConnectionClosed
        der = conversation.tls.getpeercert(binary_form=True)
        return read_certificate(der) if der else None
    finally:
        await conversation.aclose()
