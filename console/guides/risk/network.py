"""Programs about the network whose risk is in their arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.guides.model import Risk
from console.guides.risk.names import names
from console.guides.risk.options import (
    Rule,
    has,
    may_be_option,
    operands,
    uncertain,
    value_of,
    values_of,
)
from console.guides.risk.paths import writing
from console.guides.shell import Word

_R, _U, _C, _D = Risk.READ, Risk.UNKNOWN, Risk.CHANGE, Risk.DESTRUCTIVE

_CURL_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "get", "head"})
_CURL_LONG = {
    "--data": _C, "--data-raw": _C, "--data-binary": _C, "--data-urlencode": _C, "--data-ascii": _C,
    "--json": _C, "--form": _C, "--form-string": _C, "--upload-file": _C, "--cookie-jar": _C, "--quote": _C,
    "--dump-header": _C, "--trace": _C, "--trace-ascii": _C, "--stderr": _C, "--config": _U, "--libcurl": _C,
    "--remote-name": _C, "--remote-name-all": _C, "--hsts": _C, "--alt-svc": _C, "--etag-save": _C,
    "--mail-from": _C, "--mail-rcpt": _C, "--postquote": _C, "--prequote": _C, "--remote-header-name": _C,
    "--next": _R, "--ftp-create-dirs": _C, "--create-dirs": _R, "--output-dir": _R, "--ssl-sessions": _C,
}  # fmt: skip
_CURL_SHORT = {"d": _C, "F": _C, "T": _C, "c": _C, "D": _C, "K": _U, "O": _C, "J": _C, "Q": _C}
_CURL_VALUED = "AbCDdEeFHhKmoPQrTtUuwXxYyz"
_OPENSSL = names(
    """
    asn1parse ciphers crl dgst ec errstr help list ocsp pkcs12 pkey prime rand req rsa s_client s_time
    sess_id speed verify version x509
    """
)  # fmt: skip
_AWS_READ = names(
    """
    describe- list- get- head- batch-get- lookup- search- filter- tail wait ls presign estimate- select- query
    read scan test- validate- list show describe get logs version
    """
)
_AWS_DESTROY = names(
    """
    delete- terminate- purge- deregister- rm rb remove- destroy- disable- revoke- batch-delete- release-
    schedule-key-deletion delete remove destroy purge terminate
    """
)
_AWS_CHANGE = names(
    """
    create- put- run- start- stop- reboot- update- modify- register- attach- detach- associate- disassociate-
    set- add- tag- untag- enable- restore- copy- import- export- execute- send- publish invoke cp mv sync mb
    authorize- replace- reset- change- failover- promote- rotate- scale- request- apply- allocate- assign-
    cancel- complete- configure create update set start stop restart deploy add ssh scale resize reset import
    patch apply use
    """
)
"""Verbs of the tools of clouds; with a hyphen at the end they are beginnings."""
_CLOUD_VALUED = ("profile", "region", "output", "endpoint-url", "project", "format", "query", "subscription")
_OPENSSL_WRITES = names(
    """
    out keyout writerand CAcreateserial sess_out keylogfile respout newkey new x509toreq revoke gencrl sign
    msg_out outcert
    """
)


def _curl(words: Sequence[Word]) -> Risk:
    values, risk = values_of(words), _R
    asks = any(value == "--get" or re.fullmatch(r"-[a-zA-Z]*G", value or "") for value in values)
    if any(may_be_option(word) and not word.quoted for word in words):
        risk = _U
    for at, value in enumerate(values):
        if value is None or not value.startswith("-") or value == "-":
            continue
        after = values[at + 1] if at + 1 < len(values) else None
        if not (asks and re.match(r"--data(?:-\w+)?(?:=|$)|-d", value)):
            risk = max(risk, _curl_option(value, after))
    return risk


def _curl_option(value: str, after: str | None) -> Risk:
    if value.startswith("--"):
        name, sign, given = value.partition("=")
        argument = given if sign else after
        if name == "--get":
            return _R
        if "--request".startswith(name) and len(name) > 4 and name not in ("--request-target",):
            return _R if argument in _CURL_METHODS else _D if argument == "DELETE" else _C
        if "--output".startswith(name) and len(name) > 3:
            return writing(argument)
        return max((risk for known, risk in _CURL_LONG.items() if known == name or (
            len(name) > 5 and known.startswith(name))), default=_R)  # fmt: skip
    risk = _R
    for place, letter in enumerate(value[1:], start=2):
        argument = value[place:] or after
        if letter == "X":
            return max(risk, _R if argument in _CURL_METHODS else _D if argument == "DELETE" else _C)
        if letter == "o":
            return max(risk, writing(argument))
        risk = max(risk, _CURL_SHORT.get(letter, _R))
        if letter in _CURL_VALUED:
            break
    return risk


def _wget(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if uncertain(words) or has(values, "--use-askpass", "--execute", "-e"):
        return _U
    if any(value and re.match(r"--(?:post|body|method)", value) for value in values):
        return _C
    if has(values, "--spider"):
        return _R
    output = value_of(values, "-O", "-qO", "-nvO", "--output-document")
    return max((writing(path) for path in output), default=_C)


def _openssl(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if not values or values[0] not in _OPENSSL:
        return _U if not values or values[0] is None else _C
    if uncertain(words) or has(values, "-engine", "-provider-path", "-config", "-CApath-none"):
        return _U
    return _C if any((value or "-").lstrip("-") in _OPENSSL_WRITES for value in values[1:]) else _R


def _nc(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    return _R if has(values, "-z") and not has(values, "-e", "-c", "-l", "--exec", "--sh-exec") else _U


def _last_verb(words: Sequence[Word]) -> Risk:
    """`aws`, `gcloud`, `az`: the verb says it."""
    values = values_of(words)
    if has(values, "--delete"):
        return _D
    verbs = [value for value in operands(values, "", _CLOUD_VALUED) if value is not None][:4]
    return _verb(verbs[1:] if len(verbs) > 1 else verbs)


def _gsutil(words: Sequence[Word]) -> Risk:
    """`gsutil`: the verb comes first."""
    values = values_of(words)
    verbs = [value for value in operands(values, "oh") if value is not None][:1]
    return _D if verbs == ["rsync"] and has(values, "-d") else _verb(verbs)


def _verb(verbs: Sequence[str]) -> Risk:
    for verb in verbs:
        for risk, table in ((_D, _AWS_DESTROY), (_C, _AWS_CHANGE), (_R, _AWS_READ)):
            if verb in table or any(name[-1] == "-" and verb.startswith(name) for name in table):
                return risk
    return _U


def _ldapsearch(words: Sequence[Word]) -> Risk:
    return _U if uncertain(words) else _R


def _iptables(words: Sequence[Word]) -> Risk:
    values = values_of(words)
    if uncertain(words) and not has(values, "-A", "-I"):
        return _U
    if any(value in ("-F", "--flush", "-X", "--delete-chain", "-P", "--policy", "-Z") for value in values):
        return _D
    reads = any(value and re.fullmatch(r"--list(?:-rules)?|-[nvtx]*[LSC][nvxt]*|--check|--version|-V", value)
                for value in values)  # fmt: skip
    change = r"-[ADIRNE]|--(?:append|delete|insert|replace|new-chain|rename-chain)"
    changes = any(value and re.fullmatch(change, value) for value in values)
    return _C if changes or not reads else _R


def _ip(words: Sequence[Word]) -> Risk:
    values = operands(values_of(words), "fnlB", ("family", "netns", "brief"))
    if any(value is None for value in values[:2]) or has(values_of(words), "-batch", "-force"):
        return _U
    verb = values[1] if len(values) > 1 else "show"
    if values and "netns".startswith(values[0] or "-") and len(values[0] or "") > 2:
        return _R if verb in ("list", "show", "identify", "pids") else _C
    if verb is not None and (
        "show".startswith(verb) or "list".startswith(verb) or verb in ("get", "lst", "save")
    ):
        return _R
    return _D if verb is not None and verb.startswith("f") else _C


def _interface(words: Sequence[Word]) -> Risk:
    return _U if None in values_of(words) else _R if len(operands(values_of(words))) < 2 else _C


def _route(words: Sequence[Word]) -> Risk:
    return _C if operands(values_of(words), "A") else _R


def _firewall(words: Sequence[Word]) -> Risk:
    values = [value for value in values_of(words) if value not in ("--permanent",)]
    reads = all(
        value and re.match(r"--(?:list|get|query|state|zone|version|info)", value) for value in values
    )
    return _R if reads and values else _C


RULES: dict[str, Rule] = {
    **dict.fromkeys(("iptables", "ip6tables", "ebtables"), _iptables),
    **dict.fromkeys(("nc", "ncat", "netcat"), _nc),
    **dict.fromkeys(("aws", "gcloud", "az", "doctl"), _last_verb),
    "gsutil": _gsutil,
    "ldapsearch": _ldapsearch,
    "curl": _curl,
    "wget": _wget,
    "openssl": _openssl,
    "ip": _ip,
    "ifconfig": _interface,
    "route": _route,
    "firewall-cmd": _firewall,
}
"""By program."""
