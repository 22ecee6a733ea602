"""Why a certificate is not trusted, with the certificate beside it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from console.errors import Refused, SourceError
from console.sources.health.certificates import Certificate, read_der
from console.sources.health.dial import Lookup, chain_of, hang_up, trust
from console.text import clean

# numbers of OpenSSL's x509_vfy.h
_EXPIRED, _NOT_YET, _SELF_SIGNED, _SELF_SIGNED_IN_CHAIN, _NO_ISSUER, _NO_LEAF_ISSUER = 10, 9, 18, 19, 20, 21
_HOST, _ADDRESS, _REVOKED, _WEAK_KEY = 62, 64, 23, 66


@dataclass(frozen=True, slots=True)
class Why:
    """A reason in words with its fix."""

    text: str
    fix: str


class Distrusted(Refused):
    """The other side presented a certificate that is not trusted; `chain` is what it presented."""

    def __init__(self, why: Why, chain: Sequence[Certificate] = ()) -> None:
        super().__init__(why.text, why.fix)
        self.chain = tuple(chain)


def reason(error: ssl.SSLCertVerificationError, host: str, chain: Sequence[Certificate]) -> Why:
    """What OpenSSL objects to, in words."""
    code = error.verify_code
    own = chain[0] if chain else None
    if code == _EXPIRED:
        ended = next((one for one in chain if own and one.ends < own.ends), own)
        when = f" on {ended.ends:%Y-%m-%d}" if ended else ""
        return Why(f"certificate ended{when}", "renew it, and reload the server")
    if code == _NOT_YET:
        when = f" before {own.begins:%Y-%m-%d %H:%M} UTC" if own else ""
        return Why(f"certificate is not valid{when}", "compare the clocks of both hosts")
    if code == _SELF_SIGNED:
        return Why("certificate is self-signed", "name it as ca_file, or have it issued by who is trusted")
    if code == _SELF_SIGNED_IN_CHAIN:
        root = f" {chain[-1].subject}" if chain else ""
        return Why(f"issuer{root} is not trusted", "name its certificate as ca_file")
    if code in (_NO_ISSUER, _NO_LEAF_ISSUER):
        issuer = f" {chain[-1].issuer}" if chain else ""
        return Why(
            f"issuer{issuer} is unknown: the chain is incomplete, or not trusted",
            "have the server send the certificates between, or name the issuer as ca_file",
        )
    if code in (_HOST, _ADDRESS):
        names = ", ".join(own.names[:4]) if own and own.names else "no names"
        return Why(
            f"certificate is not for {clean(host, 80)} but {names}", "correct the name, or the certificate"
        )
    return Why(f"certificate is not trusted: {clean(error.verify_message, 200)}", "see its details")


Again = Callable[[ssl.SSLContext], Awaitable[asyncio.StreamWriter]]
"""Connects once more, with what trusts everybody."""


async def distrusted(
    error: ssl.SSLCertVerificationError, host: str, again: Again, lookup: Lookup
) -> Distrusted:
    """The reason with what was presented: a failed handshake leaves nothing to read, so it is asked again."""
    chain: Sequence[Certificate] = ()
    try:
        context = await lookup.call(trust, False, "")
        writer = await again(context)
        try:
            chain = await lookup.call(read_der, chain_of(writer))
        finally:
            hang_up(writer)
    except (SourceError, ValueError, ssl.SSLError):
        pass  # the reason stands without it
    return Distrusted(reason(error, host, chain), chain)
