"""What befalls a host is seen in a real terminal: pending at once, firing after a while, gone when mended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.alerts import row, show_alerts, suffer
from tests.pty.consoles import real_console
from tests.pty.terminal import Terminal
from tests.servers.troubles import Shop

SEEN = ("CacheGone", "ManySessions", "CertificateEnds", "ShopIll", "BackupBroken")
WAIT = 90.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture(scope="module")
def console(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A console with all alerts on the screen."""
    place = tmp_path_factory.mktemp("console")
    env = {"XDG_STATE_HOME": str(place), "HOME": str(place)}
    with real_console(place, shop.config, size=(160, 50), env=env) as terminal:
        show_alerts(terminal)
        yield terminal


@pytest.mark.parametrize("rule", SEEN)
def test_it_is_pending_then_fires_and_is_gone_when_it_is_mended(
    shop: Shop, console: Terminal, rule: str
) -> None:
    (trouble,) = [one for one in shop.troubles() if one.rule == rule]
    assert not row(console, rule)
    assert len(list(suffer(console, trouble, WAIT))) == 3
