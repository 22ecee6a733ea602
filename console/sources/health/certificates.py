"""X.509 certificates as people ask for them: whose, by whom, until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.text import clean

if TYPE_CHECKING:
    from cryptography import x509

MOST = 10
"""Certificates of one chain that are read: a real one has two to four."""
NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate; all text is clean."""

    subject: str
    issuer: str
    begins: datetime
    ends: datetime
    names: tuple[str, ...]
    """Its subject alternative names."""
    key: str
    """Kind and size of its key."""
    signature: str
    serial: str
    fingerprint: str
    """SHA-256."""
    self_signed: bool
    issued_next: bool | None = None
    """Whether the next of its chain issued it; None: it is the last."""

    def days(self, now: datetime) -> float:
        """Days left; negative once it has ended."""
        return (self.ends - now).total_seconds() / 86_400


def read_der(chain: Sequence[bytes]) -> list[Certificate]:
    """Certificates in DER form, one after the other of a chain. Raises ValueError for what is none."""
    from cryptography import x509

    return _read([x509.load_der_x509_certificate(one) for one in chain[:MOST]])


def read_pem(text: bytes) -> list[Certificate]:
    """The certificates of a PEM file. Raises ValueError when there is none."""
    from cryptography import x509

    return _read(x509.load_pem_x509_certificates(text)[:MOST])


def _read(found: Sequence[x509.Certificate]) -> list[Certificate]:
    return [
        _one(one, found[index + 1] if index + 1 < len(found) else None) for index, one in enumerate(found)
    ]


def _one(found: x509.Certificate, following: x509.Certificate | None) -> Certificate:
    from cryptography.hazmat.primitives.hashes import SHA256

    return Certificate(
        subject=_name(found.subject),
        issuer=_name(found.issuer),
        begins=found.not_valid_before_utc,
        ends=found.not_valid_after_utc,
        names=tuple(_alternatives(found)),
        key=_key(found),
        signature=_signature(found),
        serial=f"{found.serial_number:x}",
        fingerprint=found.fingerprint(SHA256()).hex(),
        self_signed=_issued(found, found),
        issued_next=None if following is None else _issued(found, following),
    )


def _name(name: x509.Name) -> str:
    """The common name, or all of it."""
    from cryptography.x509.oid import NameOID

    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    whole = name.rfc4514_string()
    if not common:
        return clean(whole, 200) or "-"
    organisation = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    words = str(common[0].value) + (f" ({organisation[0].value!s})" if organisation else "")
    return clean(words, 200)


def _alternatives(found: x509.Certificate) -> Iterator[str]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for name in list(names)[:NAMES_SHOWN]:
        yield clean(str(name.value), 200)


def _key(found: x509.Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    kind = type(key).__name__.strip("_").removesuffix("PublicKey")
    curve = getattr(getattr(key, "curve", None), "name", "")
    size = getattr(key, "key_size", "")
    return clean(f"{kind} {curve or size}".strip(), 60)


def _signature(found: x509.Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        hashed = found.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return hashed.name if hashed else "none apart"


def _issued(found: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether a certificate's signature is by this issuer."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        found.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def chain_details(chain: Sequence[Certificate], now: datetime) -> Iterator[tuple[str, str]]:
    """Everything known of a chain, a name and a value each."""
    for index, one in enumerate(chain):
        head = "certificate" if index == 0 else f"issuer {index}"
        ended = "ended" if one.ends <= now else "ends"
        yield head, one.subject
        yield f"{head} {ended}", f"{one.ends:%Y-%m-%d %H:%M} UTC, {days_left(one.days(now))}"
        if index == 0:
            yield "began", f"{one.begins:%Y-%m-%d %H:%M} UTC"
            yield "names", ", ".join(one.names) or "none"
            yield "key", f"{one.key}, signed with {one.signature}"
            yield "serial", one.serial
            yield "SHA-256", one.fingerprint
        if one.self_signed and index == 0:
            yield "issued by", "itself"
        elif index == len(chain) - 1 and not one.self_signed:
            yield "issued by", one.issuer
        if one.issued_next is False:
            yield f"{head} order", "the next certificate is not its issuer"


def days_left(days: float) -> str:
    """Days until an end, in words."""
    if days < 0:
        return f"{-days:.0f} days ago" if days <= -1.5 else f"{-days * 24:.0f} hours ago"
    return f"{days:.0f} days left" if days >= 1.5 else f"{days * 24:.0f} hours left"
