"""Pages of metrics: what is read, what is refused, and what stays bounded."""

from __future__ import annotations

import asyncio
import gzip
import math
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.findings import Severity
from console.metrics import labels
from console.probe_settings import ScrapeSettings
from console.sources.health.exposition import Malformed, read
from console.sources.health.probe import Outcome
from console.sources.health.scrape import BODY_LIMIT, ScrapeProbe
from console.text import clean
from tests.console.sources.health.asking import ask, figures, told
from tests.console.sources.health.servers import page, raw, web
from tests.servers.prometheus import Prometheus

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL

PAGE = r"""# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05",} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
rpc_duration_seconds{quantile="0.99"} NaN
	spaced	{ a = "1" , b = "" }	 -7e-3
"""

OPENMETRICS = """# TYPE acme_http_router_request_seconds histogram
# UNIT acme_http_router_request_seconds seconds
acme_http_router_request_seconds_bucket{path="/",le="1.0"} 9 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789
acme_http_router_request_seconds_sum{path="/"} 9036.32 1605301325.0
{"utf8.name","with.dots"="yes"} 3
# EOF
"""


def all_of(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Everything on a page."""
    return {(name, pairs): value for name, pairs, value in read(text, bool, 10_000).samples}


def test_the_text_format_is_read() -> None:
    found = all_of(PAGE)
    assert found["http_requests_total", labels(method="post", code="200")] == 1027
    assert found["metric_without_timestamp_and_labels", ()] == 12.47
    assert found["something_weird", labels(problem="division by zero")] == math.inf
    assert found["http_request_duration_seconds_bucket", labels(le="0.05")] == 24054
    assert found["spaced", labels(a="1")] == -0.007, "an empty label is no label"
    assert math.isnan(found["rpc_duration_seconds", labels(quantile="0.99")])
    (path,) = [pairs for name, pairs in found if name.startswith("msdos")]
    assert dict(path) == {"path": r"C:\DIR\FILE.TXT", "error": 'Cannot find file: "FILE.TXT"'}
    assert len(found) == 11


def test_openmetrics_is_read() -> None:
    found = all_of(OPENMETRICS)
    assert found["acme_http_router_request_seconds_bucket", labels(path="/", le="1.0")] == 9
    assert found["utf8.name", (("with.dots", "yes"),)] == 3
    assert len(found) == 3


@pytest.mark.parametrize(
    "line",
    ["<html>", "é 1", "a b c", "a", "a{", 'a{b="c} 1', 'a{b=c} 1', 'a{b="1",b="2"} 1', "a 1_000", "a 0x",
     "1a 1", "{} 1", 'a{b} 1', 'a{"x","y"} 1', "a 1 2 3", 'a{b="1"} '],
)  # fmt: skip
def test_one_wrong_line_refuses_the_whole(line: str) -> None:
    with pytest.raises(Malformed, match=r"^line 2 "):
        read(f"fine 1\n{line}\n", bool, 10)


@given(st.text(max_size=300))
def test_no_page_breaks_the_reader(text: str) -> None:
    said = ""
    try:
        found = read(text, bool, 5)
    except Malformed as error:
        said = str(error)
    else:
        assert len(found.samples) <= 5
    assert clean(said) == said


def test_a_hostile_line_is_read_in_linear_time() -> None:
    lines = ('a{b="' + "\\" * 300_000, "a{" + 'b="c",' * 50_000, "a" + " " * 300_000 + "x x", 'a{"' * 100_000)
    for text in lines:
        with pytest.raises(Malformed):
            read(text, bool, 5)


# -- the probe


def probe(port: int, **settings: Any) -> ScrapeProbe:
    """A probe of a page of this host."""
    usual: dict[str, Any] = {"url": f"http://127.0.0.1:{port}/metrics", "timeout": 20.0, "name": "demo"}
    return ScrapeProbe(ScrapeSettings(**(usual | settings)), {})


async def seen(body: str | bytes, headers: dict[str, str] | None = None, **settings: Any) -> Outcome:
    """What a page comes to."""
    body = body.encode() if isinstance(body, str) else body
    async with web(page(200, body, **(headers or {}))) as port:
        return await ask(probe(port, **settings))


async def test_a_page_becomes_samples() -> None:
    outcome = await seen(PAGE, {"Content_Type": "text/plain; version=0.0.4"})
    assert outcome.severity is OK
    assert outcome.text.startswith("11 series in ")
    numbers = figures(outcome, job="demo")
    assert numbers["up"] == 1
    assert numbers["scrape_samples_scraped"] == 11
    assert numbers["metric_without_timestamp_and_labels"] == 12.47
    assert figures(outcome, job="demo", method="post", code="200")["http_requests_total"] == 1027
    assert all(dict(one.labels)["instance"].startswith("127.0.0.1:") for one in outcome.samples)
    assert told(outcome)["format"] == "text/plain; version=0.0.4"


async def test_labels_in_conflict_are_exported() -> None:
    outcome = await seen('a{job="x",exported_job="y",instance="z"} 1\n')
    (sample,) = [one for one in outcome.samples if one.name == "a"]
    pairs = dict(sample.labels)
    assert pairs["job"] == "demo"
    assert pairs["exported_exported_job"] == "x"
    assert pairs["exported_job"] == "y"
    assert pairs["exported_instance"] == "z"


async def test_only_what_is_wanted_is_kept() -> None:
    outcome = await seen(PAGE, keep="http_.*")
    assert outcome.severity is OK
    assert figures(outcome)["scrape_samples_post_metric_relabeling"] == 6
    assert "metric_without_timestamp_and_labels" not in figures(outcome)


async def test_too_many_series_are_told() -> None:
    text = "".join(f'many{{i="{number}"}} {number}\n' for number in range(300))
    outcome = await seen(text, series=100)
    assert (outcome.severity, outcome.text) == (WARNING, "300 series, of which 100 are kept")
    assert sum(one.name == "many" for one in outcome.samples) == 100
    outcome = await seen("a 1\na 2\n")
    assert (outcome.severity, outcome.text) == (WARNING, "1 sample double: same name, same labels")


async def test_gzip_is_unpacked() -> None:
    outcome = await seen(gzip.compress(PAGE.encode()), {"Content_Encoding": "gzip"})
    assert outcome.severity is OK
    bomb = gzip.compress(b"# " + b"x" * (BODY_LIMIT + 10))
    outcome = await seen(bomb, {"Content_Encoding": "gzip"})
    assert (outcome.severity, outcome.text) == (CRITICAL, "a page of more than 8.0M")


async def test_what_is_no_page_of_metrics() -> None:
    outcome = await seen("<html>login token=abcdef</html>")
    assert outcome.severity is CRITICAL
    assert outcome.text.startswith("no metrics: line 1 ")
    assert figures(outcome) == {"probe_success": 0.0, "up": 0.0} or figures(outcome) == {"up": 0.0}
    async with web(page(404)) as port:
        assert (await ask(probe(port))).text == "404, wanted 200"
    async with web(raw(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"a 1\n" * 9999)) as port:
        assert (await ask(probe(port))).text == "a page of more than 8.0M"
    async with web(raw(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"a 1\n", pause=0.02)) as port:
        assert (await ask(probe(port, timeout=0.5))).text == "no page within 0.5 s"


async def test_the_loop_goes_on_while_a_large_page_is_read() -> None:
    text = "".join(f'large_metric_name{{i="{number}",code="200"}} {number}\n' for number in range(20_000))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    beside = asyncio.create_task(tick())
    outcome = await seen(text, series=20_000)
    beside.cancel()
    assert outcome.severity is OK
    assert figures(outcome)["scrape_samples_scraped"] == 20_000
    assert ticks > 5


def test_a_real_prometheus_is_read() -> None:
    with Prometheus() as server:
        settings = ScrapeSettings(url=f"{server.url}/metrics", timeout=30.0, name="prometheus", series=5000)
        outcome = asyncio.run(ask(ScrapeProbe(settings, {})))
        told_there = urllib.request.urlopen(f"{server.url}/metrics", timeout=10).read().decode()
    assert outcome.severity is OK, outcome.text
    numbers = figures(outcome, job="prometheus")
    assert numbers["prometheus_build_info"] == 1
    assert numbers["go_goroutines"] > 1
    lines = [line for line in told_there.splitlines() if line and line[0] != "#"]
    assert abs(len(lines) - numbers["scrape_samples_scraped"]) < 40, "more come with the second question"
    buckets = {dict(one.labels).get("le") for one in outcome.samples if one.name.endswith("_bucket")}
    assert "+Inf" in buckets


@pytest.mark.parametrize("url", ["http://[::1", "http://host:99999/metrics"])
def test_an_address_that_is_none_is_a_sentence(url: str) -> None:
    with pytest.raises(UsageError, match="url is no address"):
        ScrapeProbe(ScrapeSettings(url=url), {})
