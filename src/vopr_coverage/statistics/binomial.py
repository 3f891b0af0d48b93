"""The binomial distribution and its neighbours, by their tails. Pure; the standard library only.

Tails are sums of exact terms where these are few, else the regularised incomplete beta function by its continued
fraction (NIST Digital Library of Mathematical Functions, 8.17.4 and 8.17.22).
"""

from __future__ import annotations

from math import exp, expm1, inf, lgamma, log, log1p, sqrt

TINY = 1e-300  # keeps the continued fraction's terms away from 0
STEPS_MAX = 10_000
HALVINGS_MAX = 100
ENOUGH = 1e-9  # by which a quantile may be off, as a share of it; rounding errors are smaller


def at_most(hits: int, trials: int, share: float) -> float:
    """The chance of `hits` or fewer in `trials`, each with the chance `share`."""
    if hits >= trials or share <= 0:
        return 1.0
    if hits < 0 or share >= 1:
        return 0.0
    if hits == 0:
        return exp(trials * log1p(-share))
    return beta_below(1 - share, trials - hits, hits + 1)


def at_least(hits: int, trials: int, share: float) -> float:
    """The chance of `hits` or more in `trials`, each with the chance `share`."""
    if hits <= 0 or share >= 1:
        return 1.0
    if hits > trials or share <= 0:
        return 0.0
    return beta_below(share, hits, trials - hits + 1)


def beta_below(value: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_value(a, b), for 0 < value < 1 and positive a and b."""
    if value > (a + 1) / (a + b + 2):  # the fraction converges fast below this value only
        return 1 - beta_below(1 - value, b, a)
    front = exp(a * log(value) + b * log1p(-value) + lgamma(a + b) - lgamma(a) - lgamma(b)) / a
    return min(1.0, front / _beta_fraction(value, a, b))


def _beta_fraction(value: float, a: float, b: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + …)), from the front, as Thompson and Barnett (1986) do it."""
    fraction, above, below = 1.0, 1.0, 0.0
    for step in range(1, STEPS_MAX):
        half, scale = step // 2, value / ((a + step - 1) * (a + step))
        term = half * (b - half) * scale if step % 2 == 0 else -(a + half) * (a + b + half) * scale
        below = 1 / ((1 + term * below) or TINY)
        above = (1 + term / above) or TINY
        fraction *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return fraction


def log_choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n; minus infinity if there is none."""
    if not 0 <= k <= n:
        return -inf
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def hypergeometric_at_most(hits: int, *, total: int, marked: int, drawn: int) -> float:
    """The chance that at most `hits` of `drawn` are marked, if `marked` of `total` are; drawn without putting back."""
    first = max(0, drawn + marked - total)
    last = min(drawn, marked)
    if hits >= last:
        return 1.0
    if hits < first:
        return 0.0
    ways = log_choose(total, drawn)
    term = exp(min(0.0, log_choose(marked, hits) + log_choose(total - marked, drawn - hits) - ways))
    chance = term
    for k in range(hits, first, -1):  # each term from the one above it
        term *= k * (total - marked - drawn + k) / ((marked - k + 1) * (drawn - k + 1))
        chance += term
        if term < chance * 1e-17 and k < marked * drawn / total:
            break
    return min(1.0, chance)


def beta_quantile(chance: float, a: float, b: float) -> float:
    """The value below which the beta distribution has this chance; a and b are 1 or more, and `chance` from 0 to 1.

    It begins with an approximation (Abramowitz and Stegun, 26.2.22 and 26.5.22), and goes on by Halley's method.
    """
    if b == 1:
        return exp(log(chance) / a)
    if a == 1:
        return -expm1(log1p(-chance) / b)
    front = lgamma(a + b) - lgamma(a) - lgamma(b)
    value, low, high = _about_quantile(chance, a, b), 0.0, 1.0
    for _ in range(HALVINGS_MAX):
        error = beta_below(value, a, b) - chance
        low, high = (value, high) if error < 0 else (low, value)
        step = error * exp(-front - (a - 1) * log(value) - (b - 1) * log1p(-value))
        bend = (a - 1) / value - (b - 1) / (1 - value)
        new = value - step / (1 - min(1.0, step * bend) / 2)
        if abs(new - value) <= value * ENOUGH:
            return new
        value = new if low < new < high else (low + high) / 2
    return value


def _about_quantile(chance: float, a: float, b: float) -> float:
    tail = sqrt(-2 * log(min(chance, 1 - chance)))
    normal = tail - (2.30753 + 0.27061 * tail) / (1 + 0.99229 * tail + 0.04481 * tail * tail)
    normal = normal if chance < 0.5 else -normal
    of_a, of_b = 1 / (2 * a - 1), 1 / (2 * b - 1)
    bend, scale = (normal * normal - 3) / 6, 2 / (of_a + of_b)
    w = normal * sqrt(bend + scale) / scale - (of_b - of_a) * (bend + 5 / 6 - 2 / (3 * scale))
    return min(max(a / (a + b * exp(2 * w)), TINY), 1 - 1e-15)
