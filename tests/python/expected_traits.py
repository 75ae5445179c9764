"""What tables must hold of traits: numpy alone, from the formulas of the tables' documentation."""

from __future__ import annotations

import csv
import itertools

import numpy as np

TAKEN = ("area", "carbon")


class Traits:
    """A table of traits: floats of 32 bits by the numbers of strategies."""

    def __init__(self, path):
        with open(path, newline="") as file:
            head, *rows = csv.reader(file)
        ids = next(at for at, name in enumerate(head) if name.lower() in ("pls_id", "id"))
        self.names = [name for at, name in enumerate(head) if at != ids]
        numbers = np.array([[float(text) for text in row] for row in rows])
        self.values = dict(zip(numbers[:, ids].astype(int).tolist(), np.delete(numbers, ids, axis=1).astype("f4")))
        whole = np.array([self.values[number] for number in sorted(self.values)], "f8")
        self.range, self.mean, self.std = np.ptp(whole, axis=0), whole.mean(axis=0), whole.std(axis=0)

    def columns(self):
        """The columns that each row of a strategy has."""
        return dict.fromkeys(self.names, "f4")

    def of(self, number):
        return self.values.get(number, [None] * len(self.names))

    def indices(self, strategies):
        """{column: number} of {strategy: (occupation, carbon)}; NaN where there is none."""
        found = dict.fromkeys(self.names_of_indices(), np.nan)
        numbers = sorted(strategies)
        if not numbers or any(number not in self.values for number in numbers):
            return found
        traits = np.array([self.values[number] for number in numbers], "f8")
        places = ((traits - self.mean) / np.where(self.std > 0, self.std, 1))[:, self.std > 0]
        varied = self.range > 0
        found["functional_richness"] = (np.ptp(traits, axis=0)[varied] / self.range[varied]).mean()
        for at, of in enumerate(TAKEN):
            weights = np.array([strategies[number][at] for number in numbers])
            if not weights.sum() > 0:
                continue
            means = np.average(traits, axis=0, weights=weights)
            for name, mean, values in zip(self.names, means, traits.T):
                found[f"{name}_mean_{of}"] = mean
                found[f"{name}_variance_{of}"] = np.average((values - mean) ** 2, weights=weights)
            alive = weights > 0
            share = weights[alive] / weights.sum()
            found[f"functional_evenness_{of}"] = evenness(places[alive], share)
            found[f"functional_divergence_{of}"] = divergence(places[alive], share)
        return found

    def names_of_indices(self):
        both = itertools.product(self.names, TAKEN, ("mean", "variance"))
        names = [f"{name}_{what}_{of}" for name, of, what in both] + ["functional_richness"]
        return names + [f"functional_{what}_{of}" for what in ("evenness", "divergence") for of in TAKEN]


def evenness(places, share):
    """By Kruskal's minimum spanning tree."""
    count = len(places)
    if count < 3:
        return np.nan
    one, other = np.triu_indices(count, 1)
    length = np.sqrt(((places[one] - places[other]) ** 2).sum(axis=1))
    parent = list(range(count))

    def root(place):
        while parent[place] != place:
            place = parent[place]
        return place

    branches = []
    for at in np.argsort(length, kind="stable"):
        ends = root(one[at]), root(other[at])
        if ends[0] != ends[1]:
            parent[ends[0]] = ends[1]
            branches.append(length[at] / (share[one[at]] + share[other[at]]))
    branches = np.array(branches) / np.sum(branches)
    even = 1 / (count - 1)
    return (np.minimum(branches, even).sum() - even) / (1 - even)


def divergence(places, share):
    if len(places) < 2:
        return np.nan
    away = np.linalg.norm(places - places.mean(axis=0), axis=1)
    deviation = away - away.mean()
    return ((share * deviation).sum() + away.mean()) / ((share * np.abs(deviation)).sum() + away.mean())
