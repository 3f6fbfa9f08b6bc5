"""An explanation added up by somebody who has only its lines, as a member can."""

from fractions import Fraction

from loyalty.rules.book_types import Rounding
from loyalty.rules.earning import rounded
from loyalty.rules.reasons import Reason


def total(lines: tuple[Reason, ...], rounding: Rounding) -> int:
    """Return the points that the lines come to."""
    amount = Fraction()
    gains: list[tuple[str, Fraction]] = []  # what campaigns gave since the rates, by their names
    whole: list[int] = []
    for line in lines:
        values = line.values
        now = amount + sum(gain for _, gain in gains)
        match line.code:
            case "eligible":
                amount_earning = max(Fraction(values["amount"]), Fraction())
            case "rate":
                amount += amount_earning / Fraction(values["per"]) * int(values["points"])
            case "rate_part":
                amount += (
                    Fraction(values["amount"]) / Fraction(values["per"]) * int(values["points"])
                )
            case "tier":
                amount *= Fraction(values["times"])
            case "campaign_times":
                gains.append((values["zh"], now * (Fraction(values["times"]) - 1)))
            case "campaign_times_part" | "campaign_points" | "campaign_every":
                gains.append((values["zh"], sum(map(Fraction, values["points"].split()))))
            case "cap_receipt" | "cap_day" | "cap_member" | "cap_budget":
                # It takes the place of what its group gave, from the campaign it names on.
                first = max(n for n, (name, _) in enumerate(gains) if name == values["zh"])
                gains[first:] = [(values["zh"], Fraction(values["points"]))]
            case "cap_whole_receipt" | "cap_whole_day":
                whole.append(int(values["points"]))
            case other:
                raise AssertionError(other)
    now = amount + sum(gain for _, gain in gains)
    return min([rounded(now.numerator, now.denominator, rounding), *whole])
