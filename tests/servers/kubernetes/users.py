"""Who asks a private cluster, and the keys it knows them by."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.console.sources.health.pki import PEM, Issuer

ISSUER = "https://kubernetes.default.svc"
"""Who signs the tokens of service accounts, and for whom."""
DAY = 86_400.0
GRACE = 60
"""Seconds that a server takes a token for after its end, since clocks differ."""
MASTERS = "system:masters"
"""The group that may do everything."""
BEARER = "limited-for-tests"
"""The token of `limited`, in a file that the server reads when it starts."""


@dataclass(frozen=True)
class User:
    """Somebody: the name that roles are bound to, and what a kubeconfig says of them."""

    name: str
    said: Mapping[str, Any] = field(repr=False)
    account: tuple[str, str] | None = None
    """A service account's namespace and name."""

    @property
    def token(self) -> str:
        """The bearer token, where it is one."""
        return str(self.said["token"])

    @property
    def subject(self) -> dict[str, str]:
        """As a binding names them."""
        if self.account:
            return {"kind": "ServiceAccount", "namespace": self.account[0], "name": self.account[1]}
        return {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": self.name}


LIMITED = User("limited", {"token": BEARER})


class Keys:
    """A cluster's keys in files of a directory: its issuer, its server's, and those that sign tokens."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._issuer = Issuer("cluster")
        self.issuer = self._issuer.save(directory)
        self.certificate, self.key = self._issuer.issue(directory, "127.0.0.1", "localhost")
        self._signing = ec.generate_private_key(ec.SECP256R1())
        self.signing = directory / "signing.key"
        self.signing.write_bytes(_private(self._signing))
        self.admin = self.certified("admin", MASTERS)

    def certified(self, name: str, *groups: str, seconds: float = DAY) -> User:
        """Somebody with a client's certificate; that it has ended is seen at each request."""
        parts = [(NameOID.COMMON_NAME, name), *((NameOID.ORGANIZATION_NAME, group) for group in groups)]
        subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._issuer.sign(subject, key, (), seconds / DAY, issuer=False)
        certificate, private = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        certificate.write_bytes(made.public_bytes(PEM))
        private.write_bytes(_private(key))
        return User(name, {"client-certificate": str(certificate), "client-key": str(private)})

    def context(self, user: User) -> ssl.SSLContext:
        """To connect as this user."""
        context = ssl.create_default_context(cafile=self.issuer)
        if "client-certificate" in user.said:
            context.load_cert_chain(user.said["client-certificate"], user.said["client-key"])
        return context

    def account(self, namespace: str, name: str, uid: str, seconds: float) -> User:
        """A service account with a token that is refused from so many seconds on; the server's are longer."""
        who = f"system:serviceaccount:{namespace}:{name}"
        now = int(time.time())
        ends = int(now + seconds - GRACE)
        claims = {
            "iss": ISSUER,
            "aud": [ISSUER],
            "sub": who,
            "iat": min(now, ends),
            "exp": ends,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
        }
        said = f"{_encoded({'alg': 'ES256', 'typ': 'JWT'})}.{_encoded(claims)}"
        one, other = decode_dss_signature(self._signing.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        signature = _base64(one.to_bytes(32, "big") + other.to_bytes(32, "big"))
        return User(who, {"token": f"{said}.{signature}"}, (namespace, name))


class Helper:
    """A credential plugin: a client runs it for a token, and again once the token has ended."""

    def __init__(self, file: Path, token: str, seconds: float) -> None:
        self.file = file
        self.give(token, seconds)

    def give(self, token: str, seconds: float) -> None:
        """What it prints from now on: a token, and that it ends so many seconds from now."""
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        credential = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": token, "expirationTimestamp": f"{ends:%Y-%m-%dT%H:%M:%SZ}"},
        }
        self.file.write_text(json.dumps(credential))

    @property
    def user(self) -> User:
        """Whoever has its token."""
        plugin = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "cat",
            "args": [str(self.file)],
            "interactiveMode": "Never",
        }
        return User("helped", {"exec": plugin})


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    # the one form that the server reads for those that sign
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(PEM, form, serialization.NoEncryption())


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
