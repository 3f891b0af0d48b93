"""What befalls replicas and the links between them: crashes, power cuts and partitions, planned when a run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import invariants
from .core import REPLICAS
from .scenarios import Scenario
from .scheduler import MS

if TYPE_CHECKING:
    from .cluster import Cluster

FAULTS_UNTIL_NS = 150 * MS
DOWN_MIN_NS, DOWN_MAX_NS = 3 * MS, 50 * MS
CUT_MIN_NS, CUT_MAX_NS = 10 * MS, 50 * MS
ALL = tuple(range(REPLICAS))
Link = tuple[int, int]  # source, target


class Faults:
    """Plans and brings about the faults that strike a whole replica."""

    def __init__(self, cluster: Cluster, scenario: Scenario) -> None:
        self.cluster, self.scheduler, self.coverage = cluster, cluster.scheduler, cluster.coverage
        below = self.scheduler.below
        for _ in range(below(scenario.crashes_max + 1)):
            victims = (ALL, (below(REPLICAS),), (below(REPLICAS),), (), ())[below(5)]
            self.scheduler.after(below(FAULTS_UNTIL_NS), self.crash, victims)
        for _ in range(below(scenario.partitions_max + 1)):
            self.scheduler.after(below(FAULTS_UNTIL_NS), self.part, below(REPLICAS), below(3))

    def crash(self, victims: tuple[int, ...]) -> None:
        """Crash these replicas (none named: whoever is primary), and plan their restarts."""
        replicas = self.cluster.replicas
        fallen = []
        for index in victims or [replica.index for replica in replicas if replica.up and replica.primary]:
            self.coverage.attempted["sim.storage.crash"] += 1
            if replicas[index].up:
                self.coverage.applied["sim.storage.crash"] += 1
                if replicas[index].primary:
                    self.coverage.satisfied.add("vsr.primary_crashed")
                replicas[index].crash()
                fallen.append(replicas[index])
                self.scheduler.after(self.scheduler.between(DOWN_MIN_NS, DOWN_MAX_NS), self.restart, index)
        invariants.durability(self.cluster)
        for replica in fallen:
            invariants.vsr_recovery_safety(self.cluster, replica)

    def restart(self, index: int) -> None:
        """Let a crashed replica recover."""
        self.cluster.replicas[index].restart()
        self.coverage.phases["vsr:recovery_complete"] += 1
        self.coverage.satisfied.add("vsr.recovery_completed")

    def part(self, index: int, how: int) -> None:
        """Cut a replica off from the others for a while: both directions, or one."""
        others = [other for other in ALL if other != index]
        outward: list[Link] = [(index, other) for other in others]
        inward: list[Link] = [(other, index) for other in others]
        self.cluster.network.cut = cut = frozenset((outward + inward, outward, inward)[how])
        self.coverage.phases["network:partition_start"] += 1
        self.scheduler.after(self.scheduler.between(CUT_MIN_NS, CUT_MAX_NS), self.heal, cut)

    def heal(self, cut: frozenset[Link]) -> None:
        """Mend a partition, unless another one has come since."""
        if self.cluster.network.cut is cut:
            self.cluster.network.cut = frozenset()
