"""The figures of `latency.py` as tables for a person."""

from typing import Any

WIDTH = 40


def show(found: dict[str, Any]) -> None:
    """Print them."""
    machine, history = found["machine"], found["history"]
    print(f"\nEvent in the CRM → message in Slack, with {history['contacts']} contacts, {history['events']} events")
    print(f"{'':>10} {'n':>5} {'p50':>8} {'p95':>8} {'max':>8}")
    for way in ("webhook", "poll"):
        print(f"{way:>10} {_row(found[way])}")
    for way, bars in found["stations"].items():
        print(f"\nBy {way}, seconds since the moment before")
        longest = max((bar["p95_s"] for bar in bars.values()), default=0) or 1
        for station, bar in bars.items():
            print(f"{station:>10} {_row(bar)}  {'█' * round(WIDTH * bar['p50_s'] / longest)}")
    print("\nSeconds that the stations themselves worked, in runs that handed somebody over")
    for station, each in found["work"].items():
        print(f"{station:>10} {_row(each)}")
    idle = found["idle"]
    print(f"\nWith nothing to do: {idle['memory_mb']} MB, {idle['cpu_percent']} % of a core")
    print(f"{'a run':>10} {_row(idle['run'])}")
    print(f"History: copied in {history['copied_s']} s, scored in {history['scored_s']} s")
    print(f"Machine: {', '.join(f'{name} {value}' for name, value in machine.items())}")
    print("\n".join(["Missed:", *(f"  {each}" for each in found["missed"])]) if found["missed"] else "No target missed")


def _row(found: dict[str, Any]) -> str:
    cells = (f"{'–' if found[name] is None else format(found[name], '.2f'):>8}" for name in ("p50_s", "p95_s", "max_s"))
    return f"{found['n']:>5} {' '.join(cells)}"
