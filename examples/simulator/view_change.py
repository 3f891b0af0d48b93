"""How a cluster gets another primary: all leave the old view, a quorum offers its logs, the best one is taken."""

from __future__ import annotations

from . import invariants
from .core import QUORUM, REPLICAS, Core
from .disk import Image, tip_of
from .messages import DoViewChange, Entry, RequestView, StartView, StartViewChange


class ViewChange(Core):
    """The part of a replica that is busy while there is no primary."""

    def begin(self) -> None:
        """Nobody is known to have left a view, or to have offered a log."""
        super().begin()
        self.leaving: set[int] = set()
        self.offers: dict[int, DoViewChange] = {}
        self.offered_view = self.view

    def change_view(self, view: int) -> None:
        """Leave all views before `view`, and say so once that is durable."""
        self.view, self.normal = view, False
        self.leaving, self.offers = {self.index}, {}
        self.be_patient()
        self.disk.write_views(view, self.log_view)
        self.coverage.phases["vsr:view_change_start"] += 1
        for target in self.others:
            self.say_when_durable(target, StartViewChange(view, self.index))

    def on_start_view_change(self, message: StartViewChange) -> None:
        """Leave, too; once a quorum has left, offer the log. Who missed the start of this view is told."""
        if message.view > self.view:
            self.change_view(message.view)
        if message.view != self.view:
            return
        if self.primary:
            self.say(message.sender, self.start_view())
        elif not self.normal:
            self.offer_when_a_quorum_left(message.sender)

    def offer_when_a_quorum_left(self, sender: int) -> None:
        """Note that somebody left; with a quorum, offer the log to the primary of the new view, once."""
        self.leaving.add(sender)
        if len(self.leaving) >= QUORUM and self.offered_view < self.view:
            self.offered_view = self.view
            offer = DoViewChange(self.view, self.log_view, tuple(self.log), self.commit, self.index)
            self.say_when_durable(self.view % REPLICAS, offer)

    def on_do_view_change(self, offer: DoViewChange) -> None:
        """As primary to be: with a quorum of offers, its own among them, take the best log and start the view."""
        if offer.view > self.view:
            self.change_view(offer.view)
        if offer.view != self.view or self.normal:
            return
        self.offers[offer.sender] = offer
        self.offer_when_a_quorum_left(offer.sender)
        if len(self.offers) < QUORUM or self.index not in self.offers or self.normal:
            return
        best = max(self.offers.values(), key=lambda offer: (offer.log_view, len(offer.log)))
        self.adopt(best.log)
        self.votes = [0] * REPLICAS
        self.voted_ns = [self.scheduler.now_ns] * REPLICAS
        for target in self.others:
            self.say_when_durable(target, self.start_view())
        self.vote()
        self.cluster.view_started(self)
        invariants.vsr_view_change_safety(self.cluster, self)
        self.learn_commit(max(offer.commit for offer in self.offers.values()))

    def start_view(self) -> StartView:
        """The log and commit number of the view, from its primary."""
        return StartView(self.view, tuple(self.log), self.commit)

    def on_start_view(self, message: StartView) -> None:
        """As backup: take over the log of the new primary, and vote for it."""
        if message.view < self.view or (message.view == self.view and self.normal):
            return
        self.view = message.view
        self.adopt(message.log)
        self.vote()
        self.learn_commit(message.commit)

    def adopt(self, log: tuple[Entry, ...]) -> None:
        """Go on in the current view with another log."""
        self.log_view, self.normal = self.view, True
        self.log = list(log)
        self.latest = {entry.client: entry.number for entry in log}
        if "canary-wrong-hash" not in self.bugs:  # which forgets that the log may have another end now
            self.tip = tip_of(log)
        self.disk.write_all(Image(log, self.view, self.view))
        self.be_patient()
        self.coverage.holds("vsr.log_covers_commit", len(log) >= self.commit)
        invariants.hash_chain(self.cluster, self.log)

    def on_request_view(self, request: RequestView) -> None:
        """As primary of that view: tell how it started."""
        if self.primary and request.view == self.view:
            self.say(request.sender, self.start_view())
