"""Certificates made for a test: a root, an issuer between, and what they issue."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
PEM = serialization.Encoding.PEM
_ISSUES = x509.KeyUsage(
    key_cert_sign=True,  # clients that are strict take nobody else's word
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Issuer:
    """Somebody with a key who signs certificates; a root signs its own."""

    def __init__(self, name: str, by: Issuer | None = None, days: float = 3650) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.by = by or self
        self.certificate = self.by.sign(self.name, self.key, (), days, issuer=True)

    def sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        names: tuple[str, ...],
        days: float,
        issuer: bool,
    ) -> x509.Certificate:
        """A certificate that ends so many days from now, and began a year before it ends at the latest."""
        ends = datetime.now(UTC) + timedelta(days=days)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(datetime.now(UTC), ends) - 365 * DAY)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=issuer, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        if issuer:
            made = made.add_extension(_ISSUES, critical=True)
        if names:
            made = made.add_extension(
                x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
            )
        return made.sign(self.key, hashes.SHA256())

    def issue(
        self, path: Path, *names: str, days: float = 90, chain: bool = True, self_signed: bool = False
    ) -> tuple[Path, Path]:
        """Files with the certificate (and who issued it, short of the root) and with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        by = self
        if self_signed:
            by = object.__new__(Issuer)
            by.key, by.name = key, subject
        own = by.sign(subject, key, names, days, issuer=False)
        text = own.public_bytes(PEM)
        above = self
        while chain and not self_signed and above.by is not above:
            text += above.certificate.public_bytes(PEM)
            above = above.by
        certificate, private = path / f"{names[0]}.pem", path / f"{names[0]}.key"
        certificate.write_bytes(text)
        private.write_bytes(
            key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return certificate, private

    def save(self, path: Path) -> str:
        """A file with the issuer's own certificate."""
        file = path / "ca.pem"
        file.write_bytes(self.certificate.public_bytes(PEM))
        return str(file)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
