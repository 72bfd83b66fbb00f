"""The results of serving_part, as tables, goals and numbers."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bench.closed_loop import Loop
from bench.json_work import JsonWork
from bench.memory import Memory
from bench.peer_environment import peer_version
from bench.report import Goal, PartResult, Table, ms, p50, p95

CALLERS = 8
FORMS = ("packed", "floats")
LATENCY_GOAL, THROUGHPUT_GOAL, JSON_GOAL, MEMORY_GOAL = 1.2, 0.85, 2.0, 1.3

HOW = """\
A request lasts from its first byte sent to the last byte of its reply, on a connection that is
kept; the caller's own JSON, by orjson, is written before and read after. In process it lasts from
Python's values to NumPy's. JSON by itself is timed in process, as `timeit` does it without the
garbage collector, both ways on the same bytes and the same tensor: the server's codec with all its
checks, and `json.loads`, `np.array`, `tolist`, `json.dumps` with none. The server with the json
module differs from the model server in nothing else; beyond the network is what its whole request
takes longer than the signature in process, HTTP included."""


@dataclass
class Findings:
    """Everything measured. Times in seconds; keys are WAY_FORM, the form packed or floats."""

    alone: dict[str, list[float]]
    together: dict[str, list[Loop]]
    request_bytes: dict[str, int]
    notes: list[str]
    json_work: dict[str, JsonWork] = field(default_factory=dict)
    # Of the network alone and of the server: after loading, and at the end.
    memory: dict[str, list[Memory]] = field(default_factory=lambda: {"network": [], "server": []})


def result(found: Findings) -> PartResult:
    """The findings as the bench prints them."""
    return PartResult(
        [_alone(found), _together(found), _json(found), _memory(found)],
        [*found.notes, HOW],
        _goals(found),
        _numbers(found),
    )


def _alone(found: Findings) -> Table:
    def cell(way: str) -> str:
        seconds = found.alone.get(way)
        return f"{ms(p50(seconds))} / {ms(p95(seconds))}" if seconds else "–"

    def row(title: str, way: str) -> list[str]:
        return [title, cell(f"{way}_packed"), cell(f"{way}_floats")]

    rows = [
        row("in process, the limit", "network"),
        row("**the model server**", "server"),
        [
            "server : in process",
            *(f"{_ratio(found, f'server_{form}', f'network_{form}'):.2f} ×" for form in FORMS),
        ],
        row("the same server with the json module", "stdlib"),
    ]
    if "litserve_floats" in found.alone:
        rows.append(row(f"LitServe {peer_version()}", "litserve"))
    sizes = [f"{found.request_bytes[form] / 1e3:,.0f} kB" for form in FORMS]
    columns = ["", f"`packed`, {sizes[0]}", f"`serving_default`, floats in JSON, {sizes[1]}"]
    return Table("Model server, one caller, 256×256 (ms, p50 / p95)", columns, rows)


def _ratio(found: Findings, above: str, below: str) -> float:
    return p50(found.alone[above]) / p50(found.alone[below])


def _together(found: Findings) -> Table:
    def row(title: str, way: str) -> list[str]:
        seconds = [call for loop in found.together[way] for call in loop.calls]
        return [title, f"{_throughput(found, way):.1f}", f"{ms(p50(seconds))} / {ms(p95(seconds))}"]

    return Table(
        f"Model server, {CALLERS} callers at once, `packed`, 256×256",
        ["", "predictions/s", "ms, p50 / p95"],
        [
            row(f"in process, {CALLERS} threads", "network_packed"),
            row("**the model server**", "server_packed"),
            ["server : in process", f"{_throughput_ratio(found):.2f} ×", ""],
        ],
    )


def _throughput(found: Findings, way: str) -> float:
    """Predictions per second over all rounds."""
    loops = found.together[way]
    return sum(len(loop.calls) for loop in loops) / sum(loop.wall for loop in loops)


def _throughput_ratio(found: Findings) -> float:
    return _throughput(found, "server_packed") / _throughput(found, "network_packed")


def _json(found: Findings) -> Table:
    def row(title: str, way: str) -> list[str]:
        work = found.json_work[way]
        steps = [ms(p50(step)) for step in (work.read, work.write, work.together)]
        return [title, *steps, ms(_beyond(found, way))]

    return Table(
        "JSON of one `serving_default` exchange, 256×256 (ms, p50)",
        ["", "request to tensor", "tensor to reply", "both", "whole request beyond the network"],
        [row("**the model server's**", "server"), row("the json module's", "stdlib")],
    )


def _beyond(found: Findings, way: str) -> float:
    return p50(found.alone[f"{way}_floats"]) - p50(found.alone["network_floats"])


def _json_ratio(found: Findings) -> float:
    return p50(found.json_work["stdlib"].together) / p50(found.json_work["server"].together)


def _memory(found: Findings) -> Table:
    def row(title: str, way: str) -> list[str]:
        loaded, used = found.memory[way]
        return [title, *(_megabytes(each) for each in (loaded, used))]

    processes = found.memory["server"][-1].processes
    return Table(
        "Memory, all processes of a program (MB, RSS / PSS)",
        ["", "after loading", "after this run"],
        [
            row("TensorFlow with the model, called as often", "network"),
            row(f"**the model server**, {processes} processes", "server"),
        ],
    )


def _megabytes(memory: Memory) -> str:
    pss = "–" if memory.pss is None else f"{memory.pss:,.0f}"
    return f"{memory.rss:,.0f} / {pss}"


def _size(memory: Memory) -> float:
    return memory.rss if memory.pss is None else memory.pss


def _goals(found: Findings) -> list[Goal]:
    network, server = (found.alone[f"{way}_packed"] for way in ("network", "server"))
    latency = p50(server) / p50(network)
    ours, stdlib = (found.json_work[way].together for way in ("server", "stdlib"))
    bare, used = (_size(found.memory[way][-1]) for way in ("network", "server"))
    goals = [
        Goal(
            f"256×256: `packed` within {LATENCY_GOAL} × of the signature called in process",
            f"{ms(p50(server))} ms to {ms(p50(network))} ms, {latency:.2f} ×",
            latency <= LATENCY_GOAL,
        ),
        Goal(
            f"{CALLERS} callers: at least {THROUGHPUT_GOAL} of the predictions made in process",
            f"{_throughput(found, 'server_packed'):.1f} /s to "
            f"{_throughput(found, 'network_packed'):.1f} /s, {_throughput_ratio(found):.2f}",
            _throughput_ratio(found) >= THROUGHPUT_GOAL,
        ),
        Goal(
            f"`serving_default`: JSON at least {JSON_GOAL:.0f} × faster than the json module's",
            f"{ms(p50(ours))} ms to {ms(p50(stdlib))} ms by itself, {_json_ratio(found):.1f} ×; "
            f"whole requests beyond the network {ms(_beyond(found, 'server'))} ms to "
            f"{ms(_beyond(found, 'stdlib'))} ms",
            _json_ratio(found) >= JSON_GOAL,
        ),
    ]
    if "litserve_floats" in found.alone:
        peer, floats = (p50(found.alone[f"{way}_floats"]) for way in ("litserve", "server"))
        goals.append(
            Goal(
                f"`serving_default`: ahead of LitServe {peer_version()}",
                f"{ms(floats)} ms to {ms(peer)} ms, {peer / floats:.1f} × faster",
                floats < peer,
            )
        )
    goals.append(
        Goal(
            f"memory within {MEMORY_GOAL} × of TensorFlow with the model",
            f"{used:,.0f} MB to {bare:,.0f} MB, {used / bare:.2f} ×",
            used <= MEMORY_GOAL * bare,
        )
    )
    return goals


def _numbers(found: Findings) -> dict[str, Any]:
    numbers = asdict(found)
    numbers["seconds_alone"] = numbers.pop("alone")
    numbers["seconds_together"] = numbers.pop("together")
    return numbers
