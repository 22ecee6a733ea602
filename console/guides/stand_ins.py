"""The notations in which people write what is to be filled in, as expressions and tables."""

from __future__ import annotations

import re

from console.guides.risk.names import names

USUAL = names(
    """
    HOME PATH USER LOGNAME SHELL PWD OLDPWD HOSTNAME LANG LANGUAGE TERM TMPDIR EDITOR VISUAL PAGER UID
    EUID PPID RANDOM SECONDS LINENO IFS OPTARG OPTIND REPLY COLUMNS LINES SHLVL DISPLAY MAIL GROUPS
    HOSTTYPE MACHTYPE PS1 PS4 FUNCNAME PIPESTATUS EPOCHSECONDS EPOCHREALTIME COPROC TZ SUDO_USER MAPFILE
    XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_DATA_HOME SSH_CONNECTION SSH_CLIENT SSH_AUTH_SOCK HISTFILE
    HISTSIZE LS_COLORS VIRTUAL_ENV COMP_WORDS DIRSTACK OSTYPE
    """
)
"""What a shell sets by itself or every session has."""

NOBODY = r"(?!(?:none|nil|null|unset|unknown|nixpkgs|EOF)>)"
ANGLE = re.compile(rf"(?<![<>&])<{NOBODY}([A-Za-z][\w.:/-]*(?: (?!\d>)[\w.:/-]+)*)>(?![(>&|])")
"""`<container name>`."""
ANGLE_STRICT = re.compile(rf"(?<![\w)<>])<{NOBODY}([A-Za-z][\w.-]*)>(?!=)")
"""For SQL and the like, where `<` compares."""
HTML = names(
    """
    html head body div span p a b i u em strong h1 h2 h3 h4 br hr img table tr td th ul ol li pre code title
    script style link meta form input button
    """
)
CURLY = re.compile(r"(?<!\{)\{\{\s*([A-Za-z_][\w-]*)\s*\}\}(?!\})")
"""`{{name}}`."""
TEMPLATE_WORDS = names("end else json range if with println printf block define")
"""What stands in braces in a template and is no name."""
SQUARE = re.compile(r"(?<![^\s=@:/'\"])\[([A-Za-z][\w-]+(?: [A-Za-z][\w-]*)*)\](?=[\s'\":/@]|$)")
"""`[name]` as a word of its own."""
YOUR = re.compile(
    r"(?<![\w$])(?:YOUR[_-][A-Z0-9][A-Z0-9_-]*|[Yy]our[-_][\w-]*\w|your(?:domain|company|app|site)\b)"
)
CUSTOMARY: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"(?<![\w-])(?:your|my)-?(?:domain|company|site)\.(?:com|org|net|io)(?![\w-])", "domain"),
        (r"(?<=://)(?:user|username|myuser|dbuser):(?:pass|password|mypassword|secret)(?=@)", "credentials"),
        (r"(?<![\w.-])/path/to/[\w./*-]*\w", "path"),
        (r"\bvol-(?:x{3,}|X{3,}|[x0]*12345\w*)\b", "volume_id"),
        (r"(?<![\w-])i-(?:x{3,}|X{3,}|[x0]*12345\w*)\b", "instance_id"),
        (r"\bami-(?:x{3,}|X{3,})\b", "image_id"),
        (r"\b(sg|subnet|vpc|eni|snap|rtb|igw|eipalloc|lt|acl)-(?:x{3,}|X{3,})\b", ""),
        (r"(?<![\w-])[xX]{3,}(?:[-_.][xX]{2,})*(?![\w-])", "value"),
        (r"(?<![A-Za-z%])YYYY[-_./]?MM[-_./]?DD(?:[-_T ]?HH[-_:]?MM(?:[-_:]?SS)?)?(?![A-Za-z])", "date"),
        (r"(?<=Bearer )[A-Z][A-Z0-9_]*\b", ""),
    )
)
"""What everybody writes for something else, and the name it is asked by; empty when its text tells."""
_THING = (
    "(?:service|container|pod|deployment|node|image|volume|network|backup|database|db|table|host|server|bucket"
    "|namespace|cluster|job|queue|topic|branch|user|instance|stack|app|index|key|process|replica|slot)"
)
WORD = re.compile(
    rf"(?:{_THING}[_-](?:name|id)|backup[_-]file|dump[_-]file|(?:source|target)[_-](?:host|file|dir))"
    r"(?:\.[a-z]{2,4}){0,2}|PID|NODE|POD|CONTAINER|SERVICE|HOST|NAMESPACE|FILENAME|IP_ADDRESS|IPADDR"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:IP|ID|NAME|HOST|TOKEN|KEY|PASSWORD|USER|FILE|PATH|URL|PORT|DOMAIN"
    r"|ADDRESS|PID|SECRET|NAMESPACE|VERSION)"
)
"""Words that are customary for something to be filled in, where they stand alone."""
NAMES_SETTINGS = names(
    """
    printenv export unset read declare local readonly typeset env grep egrep fgrep zgrep rg awk sed echo
    printf jq getconf test [ [[ compgen
    """
)
"""Commands whose capital words are names of settings, or what is looked for."""
PROGRAMS = names("awk gawk mawk nawk sed gsed jq yq perl python python3 node ruby php lua grep egrep rg")
"""Programs that are given a text in a language of their own."""
PSQL = re.compile(r"(?<![:\w\]\"'])(:(['\"]?)([A-Za-z_]\w*)\2)(?![:=\w])")
"""`:name` and `:'name'` as psql puts them in."""
SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
