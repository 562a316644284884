"""Slices of several variants in turn, and the ratios of neighbours.

A shared machine changes its speed by the minute, so no figure is compared with
one of another minute: each round runs every variant once, in an order that is
reversed every other time, and a ratio is taken within its round. The score is
the median of a ratio's rounds. Rounds that others disturbed are left out, as
long as enough are left.
"""
import math
import statistics
import time

import machine

LEAST_ROUNDS = 5
DISTURBED = 0.05  # of the machine taken by others


class Rounds:
    def __init__(self, slices):
        self.slices = slices  # {variant: function that returns {field: number}}
        self.results = []     # one {variant: {field: number}} for each round
        self.shares = []      # what others took in each

    def run(self, seconds, most=math.inf):
        """For so long, but LEAST_ROUNDS in any case, and never more than most."""
        deadline = time.monotonic() + seconds
        while len(self.results) < LEAST_ROUNDS or (len(self.results) < most and time.monotonic() < deadline):
            order = list(self.slices)
            if len(self.results) % 2:
                order.reverse()
            disturbance = machine.Disturbance()
            self.results.append({variant: self.slices[variant]() for variant in order})
            self.shares.append(disturbance.share())
        return self

    def quiet(self):
        return [result for result, share in zip(self.results, self.shares) if share < DISTURBED]

    def was_quiet(self):
        return len(self.quiet()) >= LEAST_ROUNDS

    def counted(self):
        """The quiet rounds, or all when those are too few."""
        return self.quiet() if self.was_quiet() else self.results

    def median(self, variant, field):
        return statistics.median(result[variant][field] for result in self.counted())

    def ratio(self, field, variant, neighbour):
        """(median, lower quartile, upper quartile)."""
        ratios = [result[variant][field] / result[neighbour][field] for result in self.counted()]
        lower, middle, upper = statistics.quantiles(ratios, n=4)
        return middle, lower, upper

    def conditions(self):
        text = "%d rounds, others took %.0f %% of the machine (worst round %.0f %%)" % (
            len(self.results), 100 * statistics.mean(self.shares), 100 * max(self.shares))
        if not self.was_quiet():
            return text + "; too few were quiet, so all count"
        return text + "; the %d quiet ones count" % len(self.quiet())
