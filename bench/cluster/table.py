"""Results as text: one line per run, and the table of medians with ratios."""
from statistics import median

# key, title, digits, how many times better Stowage is: as a quotient of kube-scheduler's and its value
COLUMNS = [
    ("pods_per_s", "pods/s", 0, lambda kube, ours: ours / kube),
    ("whole_s", "start to last s", 1, lambda kube, ours: kube / ours),
    ("cpu_ms_per_pod", "CPU ms/pod", 2, lambda kube, ours: kube / ours),
    ("rss_mb", "peak RSS MB", 0, lambda kube, ours: kube / ours),
    ("p50_ms", "p50 ms", 1, lambda kube, ours: kube / ours),
    ("p99_ms", "p99 ms", 1, lambda kube, ours: kube / ours),
    ("arrival_cpu_ms_per_pod", "CPU ms/pod at rate", 2, lambda kube, ours: kube / ours),
]


def one_line(run):
    return ", ".join(f"{run[key]:.{digits}f} {title}" for key, title, digits, _ in COLUMNS if key in run)


def cell(schedulers, key, digits, better):
    """kube-scheduler : Stowage (times better), or which of them has no number; one of them alone when only it ran."""
    sides = []
    for name in schedulers:
        values = [run[key] for run in schedulers[name]["runs"] if key in run]
        # One failed run and there is no number: a median of the lucky ones would be flattery.
        sides.append(None if schedulers[name]["failures"] or not values else median(values))
    text = " : ".join("failed" if side is None else f"{side:.{digits}f}" for side in sides)
    if len(sides) < 2 or None in sides or 0 in sides:
        return text
    return f"{text} ({better(*sides):.1f}x)"


def markdown(results):
    """Columns are "kube-scheduler : Stowage (how many times better Stowage is)"."""
    lines = ["kube-scheduler : Stowage (how many times better Stowage is), medians", "",
             "| nodes | pods | workload | " + " | ".join(title for _, title, _, _ in COLUMNS) + " |",
             "|---|---|---|" + "---|" * len(COLUMNS)]
    for result in results:
        cells = [cell(result["schedulers"], key, digits, better) for key, _, digits, better in COLUMNS]
        lines.append(f"| {result['nodes']} | {result['pods']} | {result['workload']} | " + " | ".join(cells) + " |")
        for name, side in result["schedulers"].items():
            for failure in side["failures"]:
                lines.append(f"| | | {name} failed: {failure} |" + " |" * len(COLUMNS))
    return "\n".join(lines) + "\n"
