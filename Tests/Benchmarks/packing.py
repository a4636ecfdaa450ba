#!/usr/bin/env python3
"""Packs the same instances with ganglion's packer, CP-SAT, HiGHS and VPSolver, and prints who needs how many bins and seconds.

    packing.py --bench PROGRAM [--instances N] [--limit SECONDS] [--only TEXT] [--plot FILE] [--quick]

PROGRAM is packing-bench, which makes the instances and solves them first, in a tenth of the limit. CP-SAT and HiGHS get the
assignment model with the same first-fit decreasing upper bound and items in a fixed order, and LIMIT seconds (60); VPSolver
makes its arc-flow model, which HiGHS solves: both together have the same limit. All may use the machine's cores. --quick takes
instances of 50 items (classic sets: the smallest size) and 10 seconds.
"""
import argparse
import collections
import json
import math
import os
import subprocess
import sys
import tempfile
import time


def cp_sat(instance, limit):
    from ortools.sat.python import cp_model
    model = cp_model.CpModel()
    capacity, items, most = parts(instance)
    inside = [[model.new_bool_var("") for _ in range(most)] for _ in items]
    used = [model.new_bool_var("") for _ in range(most)]
    for row in inside:
        model.add_exactly_one(row)
    for place in range(most):
        for dimension, room in enumerate(capacity):
            model.add(sum(item[dimension] * inside[i][place] for i, item in enumerate(items)) <= room * used[place])
    for place in range(most - 1):
        model.add_implication(used[place + 1], used[place])
    model.minimize(sum(used))
    for i, row in enumerate(inside):  # the first-fit decreasing packing as a hint
        for place in range(most):
            model.add_hint(row[place], instance["start"][i] == place)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit
    solver.parameters.num_workers = os.cpu_count()
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return round(solver.objective_value)


def highs(instance, limit):
    import highspy
    capacity, items, most = parts(instance)
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("time_limit", float(limit))
    inside = [[solver.addBinary() for _ in range(most)] for _ in items]
    used = [solver.addBinary(obj=1) for _ in range(most)]
    for row in inside:
        solver.addConstr(sum(row) == 1)
    for place in range(most):
        for dimension, room in enumerate(capacity):
            solver.addConstr(sum(item[dimension] * inside[i][place] for i, item in enumerate(items)) - room * used[place] <= 0)
    for place in range(most - 1):
        solver.addConstr(used[place] - used[place + 1] >= 0)
    solver.run()
    value = solver.getInfo().objective_function_value
    return round(value) if value < 1e9 else None


def vpsolver(instance, limit):
    """VPSolver's programs lie beside this Python: they make the arc-flow graph, and of it a model."""
    programs = os.path.dirname(sys.executable)
    if not os.path.exists(os.path.join(programs, "vbp2afg")):
        raise ImportError("pyvpsolver is not installed")
    import highspy
    end = time.monotonic() + limit
    capacity, items, _ = parts(instance)
    kinds = collections.Counter(map(tuple, items))
    with tempfile.TemporaryDirectory() as folder:
        source, graph, model = (os.path.join(folder, name) for name in ("a.vbp", "a.afg", "a.mps"))
        with open(source, "w", encoding="ascii") as out:
            print(len(capacity), *capacity, len(kinds), file=out)
            for item, count in kinds.items():
                print(*item, count, file=out)
            print("BINARY{0};\nVTYPE{I};", file=out)
        try:
            for words in (["vbp2afg", source, graph], ["afg2mps", graph, model]):
                subprocess.run([os.path.join(programs, words[0]), *words[1:]], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, timeout=end - time.monotonic())
        except (subprocess.SubprocessError, ValueError):
            return None  # the graph is too large for the time, or for the memory
        solver = highspy.Highs()
        solver.silent()
        solver.readModel(model)
        solver.setOptionValue("time_limit", max(0.0, end - time.monotonic()))
        solver.run()
    value = solver.getInfo().objective_function_value
    return round(value) if abs(value) < 1e9 and solver.getInfo().primal_solution_status == 2 else None


PEERS = {"CP-SAT": cp_sat, "HiGHS": highs, "VPSolver": vpsolver}


def ask(name, instance, limit):
    """Bins and seconds of a peer, in a process of its own: ortools brings a HiGHS along, beside which highspy cannot be loaded."""
    done = subprocess.run([sys.executable, __file__, "--peer", name, str(limit)], input=json.dumps(instance), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == 3:
        raise ImportError(done.stderr.strip())
    lines = done.stdout.split()
    return (None if lines[-2] == "None" else int(lines[-2]), float(lines[-1])) if done.returncode == 0 else (None, limit)


def answer(name, limit):
    """What that process does."""
    instance = json.load(sys.stdin)
    try:
        PEERS[name](dict(instance, capacity=[1], sizes=[1]), 1)  # so that loading its modules does not count
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(3)
    began = time.monotonic()
    bins = PEERS[name](instance, limit)
    print(bins, time.monotonic() - began)


def parts(instance):
    dimensions = len(instance["capacity"])
    sizes = instance["sizes"]
    items = [sizes[i:i + dimensions] for i in range(0, len(sizes), dimensions)]
    return instance["capacity"], items, first_fit(instance, items)


def first_fit(instance, items):
    """Bins of first-fit decreasing; the packing stays in instance["start"]."""
    capacity = instance["capacity"]
    order = sorted(range(len(items)), key=lambda i: -sum(s / c for s, c in zip(items[i], capacity)))
    rooms, start = [], [0] * len(items)
    for i in order:
        for place, room in enumerate(rooms):
            if all(s <= r for s, r in zip(items[i], room)):
                break
        else:
            rooms.append(list(capacity))
            place = len(rooms) - 1
        rooms[place] = [r - s for s, r in zip(items[i], rooms[place])]
        start[i] = place
    instance["start"] = start
    return len(rooms)


def plot(rows, names, file):
    """A dot for each answer: seconds to the right, bins above the bound upwards, a shape for each solver."""
    width, height, left, top = 680, 260, 60, 40
    colours = {"ganglion": "#0072b2", "CP-SAT": "#d55e00", "HiGHS": "#009e73", "VPSolver": "#cc79a7"}

    def x(seconds):
        return left + (math.log10(max(seconds, 0.001)) + 3) / 5 * width

    def y(off, jitter):
        return top + height - min(off, 5) / 5.5 * height - jitter
    text = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 30}" height="{top + height + 90}" font-family="sans-serif" font-size="11">',
            "<style>.page{fill:#fff}.ink{fill:#1f2328}.grid{stroke:#d1d9e0}@media(prefers-color-scheme:dark){.page{fill:#0d1117}.ink{fill:#f0f6fc}.grid{stroke:#3d444d}}</style>",
            '<rect class="page" width="100%" height="100%"/>',
            f'<text class="ink" x="{left}" y="20" font-size="13">Bins above the bound, by seconds until the answer</text>']
    for off in range(6):
        text.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y(off, 0):.0f}" y2="{y(off, 0):.0f}"/>'
                    f'<text class="ink" x="{left - 8}" y="{y(off, 0) + 4:.0f}" text-anchor="end">{off}{"+" if off == 5 else ""}</text>')
    for exponent in range(-3, 3):
        text.append(f'<text class="ink" x="{x(10 ** exponent):.0f}" y="{top + height + 18}" text-anchor="middle">{10 ** exponent:g} s</text>')
    for place, name in enumerate(names):
        for number, row in enumerate(rows):
            if name in row["answers"] and row["answers"][name][0] is not None:
                bins, seconds = row["answers"][name]
                jitter = place * 7 + number % 5
                text.append(f'<circle cx="{x(seconds):.1f}" cy="{y(bins - row["bound"], jitter):.1f}" r="2.6" fill="{colours[name]}" fill-opacity="0.7"/>')
        text.append(f'<circle cx="{left + place * 120}" cy="{top + height + 44}" r="4" fill="{colours[name]}"/>'
                    f'<text class="ink" x="{left + place * 120 + 10}" y="{top + height + 48}">{name}</text>')
    text.append("</svg>")
    with open(file, "w", encoding="utf-8") as out:
        out.write("\n".join(text) + "\n")


def main():
    if sys.argv[1:2] == ["--peer"]:
        return answer(sys.argv[2], float(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bench", required=True)
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--plot")
    words = parser.parse_args()
    limit = words.limit or (10 if words.quick else 60)
    dump = subprocess.run([words.bench, "dump", "--instances", str(words.instances), "--limit", str(max(1, int(limit / 10))),
                           *(["--items", "50"] if words.quick else [])], check=True, capture_output=True, text=True).stdout
    rows = [row for row in map(json.loads, dump.splitlines()) if words.only in row["name"]]
    peers = []
    for name in PEERS:
        try:
            ask(name, rows[0], 0.1)
            peers.append(name)
        except ImportError as error:
            print(f"{name} is not there: {error}", file=sys.stderr)
    names = ["ganglion", *peers]
    print("| instance | bound | FFD | BFD | " + " | ".join(f"{name} | s" for name in names) + " |")
    print("| --- |" + " ---: |" * (3 + 2 * len(names)))
    for row in rows:
        row["answers"] = {"ganglion": (row["bins"], row["seconds"])}
        for name in peers:
            row["answers"][name] = ask(name, row, limit)
        cells = [f"{row['answers'][name][0] or '-'} | {row['answers'][name][1]:.2f}" for name in names]
        print(f"| {row['name']} | {row['bound']} | {row['ffd']} | {row['bfd']} | " + " | ".join(cells) + " |", flush=True)
    for name in ("ffd", "bfd"):
        print(f"{name.upper()}: at the bound in {sum(row[name] == row['bound'] for row in rows)} of {len(rows)}")
    for name in names:
        answers = [(row["answers"][name], row) for row in rows]
        solved = sum(answer[0] == row["bound"] for answer, row in answers)
        ours = sum(answer[0] is None or row["bins"] <= answer[0] for answer, row in answers)
        none = sum(answer[0] is None for answer, _ in answers)
        print(f"{name}: at the bound in {solved} of {len(rows)}, no answer in {none}; ganglion as good or better in {ours}; "
              f"{sum(answer[1] for answer, _ in answers):.1f} s in all")
    if words.plot:
        plot(rows, names, words.plot)


if __name__ == "__main__":
    main()
