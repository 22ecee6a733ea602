"""Risk of shell text: nothing that changes the world may come out as reading, however it is written."""

from __future__ import annotations

import shlex
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from console.guides.model import Risk, StepKind
from console.guides.risk import risk_of
from console.guides.risk.names import names
from console.guides.shell import parse
from tests.console.guides.commands import CHANGE, DESTRUCTIVE, READS, UNKNOWN


def risk(text: str) -> Risk:
    return risk_of(StepKind.SHELL, text)


@pytest.mark.parametrize("text", READS)
def test_reading_is_known_as_reading(text: str) -> None:
    assert risk(text) is Risk.READ


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_nobody_can_tell_is_unknown(text: str) -> None:
    assert risk(text) is Risk.UNKNOWN


@pytest.mark.parametrize("text", CHANGE)
def test_changes_are_seen(text: str) -> None:
    assert risk(text) is Risk.CHANGE


@pytest.mark.parametrize("text", DESTRUCTIVE)
def test_destruction_is_seen_in_every_disguise(text: str) -> None:
    assert risk(text) is Risk.DESTRUCTIVE


@pytest.mark.parametrize("text", ["", "   ", "# rm -rf /", "\n\n"])
def test_nothing_to_run_is_not_called_reading(text: str) -> None:
    assert risk(text) is Risk.UNKNOWN


@pytest.mark.parametrize(
    "text", ["ls (", "if ls", 'echo "', "ls\0", "ls\r-la\x0b", "ls\N{NO-BREAK SPACE}x`y`"]
)
def test_text_not_understood_is_never_reading(text: str) -> None:
    assert risk(text) is not Risk.READ


def test_a_setting_of_known_value_is_no_option_and_one_of_unknown_may_be() -> None:
    assert risk('DIR=/backups\nfind "$DIR" -name x') is Risk.READ
    assert risk("DIR=/backups\nfind ${DIR}/x -name x") is Risk.READ
    assert risk("DIR=-delete\nfind $DIR") is Risk.UNKNOWN
    assert risk("DIR=/a\nDIR=-delete\nfind $DIR") is Risk.UNKNOWN
    assert risk("DIR=/a\nread DIR\nfind $DIR") is Risk.UNKNOWN
    assert risk("DIR='/a -delete'\nfind $DIR") is Risk.UNKNOWN
    assert risk('find "$DIR" -name x') is Risk.UNKNOWN


def test_functions_are_judged_by_what_they_do() -> None:
    assert risk("look() { docker ps; }\nlook") is Risk.READ
    assert risk("look() { docker restart web; }\nlook") is Risk.CHANGE
    assert risk("look") is Risk.UNKNOWN


@pytest.mark.parametrize("kind", [kind for kind in StepKind if kind is not StepKind.MANUAL])
def test_hostile_text_is_judged_in_bounded_time(kind: StepKind) -> None:
    for text in ("$(" * 20_000, "(" * 50_000, "select " * 15_000, "a;" * 20_000, "'" * 50_001, "/*" * 30_000):
        begun = time.process_time()
        risk_of(kind, text)
        assert time.process_time() - begun < 3


WRAPPERS = (
    "sudo {}",
    "time {}",
    "nohup {} &",
    "env A=1 {}",
    "timeout 5 {}",
    "docker exec web {}",
    "docker compose exec -T web {}",
    "kubectl exec pod -- {}",
)
QUOTING = (
    "sh -c {}",
    "bash -lc {}",
    "ssh host {}",
    "su - x -c {}",
    "eval {}",
    "sudo -u x sh -c {}",
    "watch {}",
)
AROUND = (
    "({}\n)",
    "{{ {}\n}}",
    "if true; then\n{}\nfi",
    "for i in 1 2; do\n{}\ndone",
    "while sleep 1; do\n{}\ndone",
    "echo $({}\n)",
    "X=$({}\n)",
    "cat <({}\n)",
    "true &&\n{}",
    "f() {{\n{}\n}}\nf",
    "bash <<'HERE'\n{}\nHERE",
    "cat <<HERE\n$({}\n)\nHERE",
    "{}\necho done",
    "echo begin\n{}",
)
ALL = (*READS, *UNKNOWN, *CHANGE, *DESTRUCTIVE)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(AROUND))
def test_a_construct_around_it_never_lowers_the_risk(text: str, around: str) -> None:
    wrapped = around.format(text)
    assume(parse(text).ok and parse(wrapped).ok)
    assert risk(wrapped) >= risk(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(QUOTING))
def test_another_shell_around_it_never_lowers_the_risk(text: str, wrapper: str) -> None:
    wrapped = wrapper.format(shlex.quote(text))
    assume(parse(text).ok)
    assert risk(wrapped) >= risk(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(WRAPPERS))
def test_a_program_that_starts_it_never_lowers_the_risk(text: str, wrapper: str) -> None:
    script = parse(text)
    plain = (
        len(script.commands) == 1 and not script.commands[0].assignments and not script.commands[0].redirects
    )
    begins = plain and text.startswith(script.commands[0].words[0].raw)
    assume(begins and "$" not in text and "`" not in text and script.commands[0].name not in BUILT_IN)
    assert risk(wrapper.format(text)) >= risk(text)


BUILT_IN = names(
    """
    exec eval trap alias declare let printf read unset test mapfile bind hash complete enable history source .
    [ export local
    """
)
"""They are built into the shell: nothing else can start them."""


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.sampled_from(ALL),
        st.text(alphabet=st.sampled_from("ab -$(){}[]<>|&;`'\"\\\n#=*~!"), max_size=40),
    )
)
def test_what_is_appended_is_always_seen(text: str) -> None:
    appended = f"{text}\n; rm -rf /x" if text.rstrip().endswith("\\") else f"{text}\nrm -rf /x"
    script = parse(appended)
    seen = [command for command in script.commands if command.values == ("rm", "-rf", "/x")]
    assume(script.ok and not text.rstrip().endswith("\\"))
    fed = any(
        redirect.feeds and "rm -rf /x" in redirect.body
        for one in script.commands
        for redirect in one.redirects
    )
    quoted = any("rm -rf /x" in word.raw for one in script.commands for word in one.words)
    assume(not fed and not quoted)
    assert seen or script.functions
    assert risk(appended) is Risk.DESTRUCTIVE


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gets_a_risk(text: str) -> None:
    for kind in StepKind:
        assert isinstance(risk_of(kind, text), Risk)
