"""The clusters on the overview: what is wrong first, then what the nodes carry, then what is quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.units import counted
from widgets.draw import SEVERITY_ROLE, Line, Span, beside
from widgets.pane import Context, Pane, View, flowing
from widgets.panes.kubernetes import lines as said
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.rows import Seen

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Cluster

BRIEF = 5
"""Lines below which what is wrong takes half of them, and sums the rest."""
MOST = 8
"""Lines of workloads on their way at most."""
SPACES, WORKLOADS = 56, 100
"""Cells of the tables of namespaces and of workloads at most: wider ones are hard to read across."""


class KubernetesPane(Pane):
    """What does not run and why, nodes and their load, workloads and namespaces where there is room."""

    kind = "kubernetes"
    title = "Kubernetes"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """Pods, and the faults of all objects; of several clusters each by its name."""
        spans: list[Span] = []
        for seen in shown.clusters(context):
            if spans:
                spans.append(("  ", "dim"))
            cluster = seen.cluster
            spans.append(("pods ", "dim") if seen.alone else seen.tag)
            spans.append((f"{'' if seen.alone else ' '}{len(cluster.pods)}", "text"))
            spans += _wrong(cluster)
            if cluster.state != "live":
                word, level = said.WORRIES.get(cluster.state, (cluster.state, Severity.WARNING))
                spans.append((f" {word}", SEVERITY_ROLE[level] if level else "dim"))
        return spans or [("no context", "dim")]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """What is wrong, then what the nodes carry; what is quiet where there is room left."""
        clusters = shown.clusters(context)
        if not clusters:
            return [(("no context is watched: zoom, Contexts, u", "dim"),)]
        if height < BRIEF:
            return self._brief(clusters, width, height)
        states = said.state_lines(clusters, width, max(1, height // 4))
        loads = [line for seen in clusters if seen.cluster.listed for line in said.node_lines(seen, width)]
        loads = loads[: max(1, height // 3)]
        told = bool(context.snapshot.limited)  # then it stands above the body
        limits = [] if told else said.limits_of_view(clusters)[: max(1, height // 6)]
        room = height - len(states) - len(loads) - len(limits)
        wrong = said.trouble_lines(said.troubles(clusters), width, room)
        lines = [*states, *wrong, *loads, *limits]
        return [*lines, *self._rest(clusters, width, height - len(lines))]

    def views(self) -> Sequence[View[Any]]:
        """Pods, workloads, nodes, events, services, volumes, autoscalers, contexts."""
        from widgets.panes.kubernetes.views import kubernetes_views  # not needed before the pane is zoomed

        return kubernetes_views()

    def elsewhere(self, context: Context) -> str:
        """Another context, where there is one."""
        known = context.feed.known
        others = [each.name for each in known.contexts if not each.watched] if known is not None else []
        if not others:
            return ""
        return f":pods @{others[0]} for another context; all are in the view Contexts"

    def settings(self) -> Mapping[str, str]:
        """Environment or configuration."""
        return {
            "environment": "KUBECONFIG=~/.kube/config",
            "configuration": '[[kubernetes]]\ncontext = "eu-1"\nnamespaces = ["shop"]  # all without it',
        }

    def _brief(self, clusters: Sequence[Seen], width: int, height: int) -> list[Line]:
        found = [*said.state_findings(clusters), *(each.finding for each in said.troubles(clusters))]
        found.sort(key=lambda finding: -finding.severity)
        lines = flowing(found, width, max(1, (height + 1) // 2))
        if len(lines) < height:
            lines.append(said.sums(clusters))
        if len(lines) < height:
            lines += said.warning_line(clusters, width)
        if len(lines) < height:
            lines += said.limits_of_view(clusters)
        return lines[:height]

    def _rest(self, clusters: Sequence[Seen], width: int, room: int) -> list[Line]:
        """Warnings, workloads on their way, what is quiet: each after a blank line, while there is room."""
        lines: list[Line] = []
        for block in (_warnings, _on_their_way, _quiet):
            left = room - len(lines) - 1
            drawn = block(clusters, width, left) if left > 0 else []
            if drawn:
                lines += [(), *drawn]
        return lines


def _warnings(clusters: Sequence[Seen], width: int, room: int) -> list[Line]:
    return said.warning_line(clusters, width)


def _on_their_way(clusters: Sequence[Seen], width: int, room: int) -> list[Line]:
    return said.workload_lines(said.short_of(clusters), width, min(room, MOST))


def _quiet(clusters: Sequence[Seen], width: int, room: int) -> list[Line]:
    """Namespaces and workloads, beside each other where there is the width for both."""
    found, standing = said.spaces(clusters), said.standing(clusters)
    if width >= SPACES + WORKLOADS:
        left = said.space_lines(found, SPACES, room)
        right = said.workload_lines(standing, min(WORKLOADS, width - SPACES - 2), room)
        return beside(left, right, SPACES) if right else left
    lines = said.space_lines(found, min(width, SPACES), room // 2 if room > MOST else room)
    below = said.workload_lines(standing, min(width, WORKLOADS), room - len(lines) - 1)
    return [*lines, (), *below] if lines and below else lines or below


def _wrong(cluster: Cluster) -> list[Span]:
    if not cluster.faults:
        return []
    level = max(fault.severity for fault in cluster.faults.values())
    return [("  ", "dim"), (counted(len(cluster.faults), "fault"), SEVERITY_ROLE[level])]
