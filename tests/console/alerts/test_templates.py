"""Templates: what is refused when they are read, and that expanding is bounded and never raises.

What they give is compared with promtool's in `rules/passing/templates_*.yml`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.templates import Context, Template, TemplateError, UnsupportedTemplate
from console.alerts.templates.executing import LONGEST, STEPS
from console.alerts.templates.lexing import LONGEST as READ
from console.alerts.templates.values import Result, Sample, Strings


def expand(text: str, value: float = 1.0, **labels: str) -> str:
    return Template(text).expand("A", labels, value, Context())


def test_a_template_is_read_once_and_expanded_often() -> None:
    template = Template("{{ $labels.host }} at {{ $value }}")
    assert template.expand("A", {"host": "a"}, 1, Context()) == "a at 1"
    assert template.expand("A", {"host": "b"}, 2.5, Context()) == "b at 2.5"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{", "unclosed action"),
        ("{{ end }}", "unexpected"),
        ("{{ if 1 }}", "wants an"),
        ("{{ nosuch }}", "not defined"),
        ("{{ humanise 1 }}", "did you mean humanize"),
        ("{{ $x }}", "undefined variable"),
        ("{{ }}", "missing value"),
        ("{{ 1 | 2 }}", "non executable"),
        ("{{ (1 }}", "unclosed left paren"),
        ("{{ 1) }}", "unexpected right paren"),
        ('{{ "a }}', "unterminated quoted string"),
        ("{{ `a }}", "unterminated raw"),
        ("{{ 'ab' }}", "malformed character"),
        ('{{ "\\q" }}', "invalid syntax"),
        ("{{ 09 }}", "number"),
        ("{{ 1.2.3 }}", "unexpected"),
        ("{{/* a }}", "unclosed comment"),
        ("{{ .1a }}", "bad number"),
        ("{{ a := 1 }}", "not defined"),
        ("{{ $x, $y := 1 }}", "too many declarations"),
        ("{{ break }}", "outside"),
        ("{{ else }}", "unexpected"),
        ("{{ $a.b := 1 }}", "undefined variable"),
        ("{{ nil.x }}", "unexpected . after term"),
        ("{{ with 1 }}{{ else if 1 }}{{ end }}{{ end }}", "unexpected"),
        ("{{ if 1 }}{{ else }}{{ else }}{{ end }}", "expected end"),
        ("{{ 99999999999999999999 }}", "overflow"),
        ("{{ " + "(" * 100 + "1" + ")" * 100 + " }}", "nested deeper"),
        ("x" * (READ + 1), "longer than"),
        ("{{ if 1 }}" * 100 + "{{ end }}" * 100, "nested deeper"),
        ("{{ \u20ac }}", "unrecognized character"),
    ],
)
def test_what_is_no_template_is_refused_when_it_is_read(text: str, reason: str) -> None:
    if "{{" not in text:
        text += "{{ 1 }}"
    with pytest.raises(TemplateError, match=reason):
        Template(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{{ define "a" }}{{ end }}', "define"),
        ('{{ template "a" }}', "template"),
        ("{{ js 1 }}", "js"),
        ('{{ block "a" . }}{{ end }}', "block"),
        ("{{ call 1 }}", "call"),
        ("{{ 1i }}", "complex"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(UnsupportedTemplate, match=name):
        Template(text)


def test_a_template_of_a_group_that_is_broken_says_so_when_expanded() -> None:
    said = Template.broken("{{ nosuch }}").expand("A", {}, 1, Context())
    assert said.startswith('<error expanding template: error parsing template __alert_A: function "nosuch"')
    assert Template.broken("x").expand("A", {}, 1, Context()) == ""


def test_a_template_that_never_ends_is_ended() -> None:
    said = expand("{{ range 1000000000 }}{{ range 1000000000 }}x{{ end }}{{ end }}")
    assert f"more than {STEPS} steps" in said
    assert "more than" in expand("{{ range 1000000000 }}{{ end }}")


def test_a_text_of_any_length_is_cut() -> None:
    assert len(expand("{{ range 500 }}" + "{{ $labels.a }}" * 30 + "{{ end }}", a="x" * 1000)) <= LONGEST
    assert len(expand('{{ printf "%1000000d" 1 }}')) <= LONGEST
    assert len(expand('{{ printf "%.1000000f" $value }}')) <= LONGEST
    assert len(expand('{{ reReplaceAll "x" $labels.a $labels.a }}', a="x" * 5000)) <= LONGEST


PARTS = st.sampled_from(
    [
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "$value",
        "$labels",
        ".Labels",
        ".a",
        "if ",
        "else ",
        "end",
        "range ",
        "with ",
        "$x",
        " := ",
        " = ",
        "|",
        "(",
        ")",
        "printf ",
        '"%d %s"',
        "humanize ",
        "len ",
        "index ",
        "eq ",
        "and ",
        "1",
        "2.5",
        '"a"',
        "'a'",
        "nil",
        "true",
        " ",
        "\n",
        "/*",
        "*/",
        ",",
        "text",
        "toTime ",
        "slice ",
        "%",
        "query ",
    ]
)


@given(st.lists(PARTS, max_size=25).map("".join))
def test_any_text_is_refused_or_expanded(text: str) -> None:
    try:
        template = Template(text)
    except TemplateError:
        return
    assert isinstance(template.expand("A", {"a": "b"}, 3.5, Context()), str)


FUNCTIONS = st.sampled_from(
    [
        "humanize",
        "humanize1024",
        "humanizeDuration",
        "humanizePercentage",
        "humanizeTimestamp",
        "toTime",
        "toDuration",
        "title",
        "stripPort",
        "stripDomain",
        "parseDuration",
        "print",
        "len",
        "html",
        "urlquery",
    ]
)


@given(FUNCTIONS, st.floats() | st.text(max_size=20))
def test_functions_take_anything(name: str, value: float | str) -> None:
    if isinstance(value, str):
        assert isinstance(expand(f"{{{{ $labels.a | {name} }}}}", a=value), str)
    else:
        assert isinstance(expand(f"{{{{ $value | {name} }}}}", value), str)


VERBS = st.text("%dsfgevqxXtcT+-# 0123456789.*[]", max_size=12)


@given(VERBS, st.floats() | st.text(max_size=5))
def test_printf_takes_anything(pattern: str, value: float | str) -> None:
    if isinstance(value, str):
        assert isinstance(expand(f"{{{{ printf `{pattern}` $labels.a }}}}", a=value), str)
    else:
        assert isinstance(expand(f"{{{{ printf `{pattern}` $value 5 }}}}", value), str)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("{{ printf \"%c\" -1 }}", "\ufffd"),
        ("{{ title \"db-1.example.com has o'neil's 3rd\" }}", "Db-1.Example.com Has O'neil's 3Rd"),
        ("{{ printf \"%5d|%.3d\" 1.5 1234.5 }}", "%!d(float64=  1.5)|%!d(float64=1.23e+03)"),
        ("{{ range query \"y\" }}{{ . }}{{ end }}", "{map[k:a] 2}"),
        ("{{ printf \"%s\" $labels }}", "map[a:b]"),
        ("{{ sortByLabel \"k\" nil }}", "[]"),
        ("{{ toDuration 1e300 }}", "-2562047h47m16.854775808s"),
    ],
)  # fmt: skip
def test_what_chance_found(text: str, given: str) -> None:
    """Differences from promtool that templates made at random showed; the values are promtool's."""
    context = Context(query=lambda text: Result([Sample(Strings(k="a"), 2.0)]))
    assert Template(text).expand("A", {"a": "b"}, 1.0, context) == given
