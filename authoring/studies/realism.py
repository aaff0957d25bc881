"""How far the simulated sets are from real images, and what they are worth for them.

    python -m authoring.studies.realism --real-data DIR [--set NAME ...]
        [--part report|transfer|all] [--seeds 5] [--quick] [--data-folder data] [--out FILE.csv]

DIR holds real images as authoring/studies/real_folders.py describes: any of
``brain_t1c/``, ``breast_ultrasound/``, ``breastmnist*.npz`` and ``skin_lesions/``. Missing parts
are said and skipped; bad input gets one sentence and exit code 2. Nothing in the course depends
on DIR.

The report compares simulated training images with real ones, resized alike (image_pairs.py,
realism_report.py). The transfer experiments train on the one and test on the other
(transfer.py): breast ultrasound needs ``breastmnist*.npz``, skin needs ``skin_lesions/``; the
brain's are in brain_transfer.py. On two free cores the report takes about 4 minutes, the
transfer of each set 10 to 15. --out writes PREFIX_report and PREFIX_transfer tables, so that
``--out tables/realism.csv`` makes tables/realism_report.csv.
"""

import argparse
import sys
import time
from pathlib import Path

import pandas as pd

from authoring.studies import image_pairs, real_folders, realism_report, transfer

SETS = tuple(image_pairs.PARTS)
TRANSFER_PARTS = {"breast_ultrasound": "breastmnist", "skin_lesions": "skin_lesions"}
SIMULATED = 800


def say(line):
    """Print at once, because runs are long."""
    print(line, flush=True)


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(prog="realism.py", description=__doc__.split("\n")[0])
    parser.add_argument("--real-data", required=True, help="folder of real images")
    parser.add_argument("--set", nargs="+", choices=SETS, default=list(SETS), dest="sets")
    parser.add_argument("--part", choices=("report", "transfer", "all", "tune"), default="all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one seed, a few updates: a trial")
    parser.add_argument(
        "--malignant",
        nargs="+",
        choices=image_pairs.SKIN_CLASSES,
        default=list(image_pairs.MALIGNANT),
        help="skin diagnoses that count as malignant",
    )
    parser.add_argument("--data-folder", default=Path(__file__).parents[2] / "data", type=Path)
    parser.add_argument("--out", type=Path, help="CSV file; _report and _transfer are added")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error(f"--seeds is {options.seeds}; give 1 or more")
    if options.quick:
        options.seeds = 1
    return options


def pair(options, name, part, size=None):
    """Return the real and the simulated images, or say what is missing and return None."""
    real = image_pairs.read_real(options.real_data, part, size, options.malignant)
    if real is None:
        say(f"\n{name}: no {part} in {options.real_data}; skipped.")
        return None
    made = image_pairs.read_simulated(
        options.data_folder, name, part, size, malignant=options.malignant
    )
    if made is None:
        say(f"\n{name}: no {name}.npz in {options.data_folder}; skipped.")
        return None
    return real, made


def run_report(options, name):
    """Return the rows of the realism table of one set."""
    rows = []
    for part in image_pairs.PARTS[name]:
        found = pair(options, name, part)
        if found is None:
            continue
        real, made = found
        made = image_pairs.like_real(made, real, min(len(real), SIMULATED))
        say(f"\n{name} beside real {part}: {len(real)} real and {len(made)} simulated images, "
            f"{real.images.shape[1]} px")  # fmt: skip
        updates = 10 if options.quick else realism_report.DISCRIMINATOR_UPDATES
        lines = realism_report.report(real, made, name == "brain_mri", updates)
        show_report(lines)
        rows += [{"set": name, "real_part": part, **line} for line in lines]
    return rows


def show_report(lines):
    """Print the rows of a report."""
    say(f"{'':40s} {'real':>8s} {'simulated':>9s}")
    for line in lines:
        numbers = [f"{line[k]:.2f}" if line[k] == line[k] else "" for k in ("real", "simulated")]
        text = f"({line['low']:.2f} to {line['high']:.2f}) " if line["low"] == line["low"] else ""
        say(f"{line['check']:40s} {numbers[0]:>8s} {numbers[1]:>9s} {text}{line['note']}")


def run_transfer(options, name):
    """Return the rows of the transfer table of one set."""
    if name not in TRANSFER_PARTS:
        say(f"\n{name}: transfer to real slices is in brain_transfer.py.")
        return []
    budget = transfer.BUDGETS[name]
    found = pair(options, name, TRANSFER_PARTS[name], budget.size)
    if found is None:
        return []
    real, made = found
    groups, malignant = len(set(real.groups)), real.labels.sum()
    say(f"\n{name}, transfer: {len(real)} real images in {groups} groups ({malignant} "
        f"malignant), {len(made)} simulated, {options.seeds} seeds")  # fmt: skip
    if options.part == "tune":
        transfer.tune(name, real, made, say)
        return []
    start = time.time()
    lines = transfer.run(
        name, real, made, options.seeds, budget.quick() if options.quick else budget, say
    )
    for line in lines:
        show_transfer(line)
    say(f"  {time.time() - start:.0f} s")
    return [{"set": name, "seeds": options.seeds, **line} for line in lines]


def show_transfer(line):
    """Print one row of the transfer table."""
    known = line["seed_sd"] == line["seed_sd"]
    spread = f", SD over seeds {line['seed_sd']:.3f}" if known else ""
    count = f" ({line['real_images']} real)" if line["real_images"] else ""
    say(f"  by {line['unit']:7s}{line['measure']:11s}{line['what'] + count:58s} "
        f"{line['value']:+.3f} ({line['low']:+.3f} to {line['high']:+.3f}){spread}")  # fmt: skip


def write(options, part, rows):
    """Write the rows, below a line that says how they were made."""
    if not options.out or not rows:
        return
    path = options.out.with_name(f"{options.out.stem}_{part}.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = f"# python -m authoring.studies.realism --real-data DIR --set {' '.join(options.sets)}"
    made += f" --part {part} --seeds {options.seeds}{' --quick' if options.quick else ''}"
    if tuple(options.malignant) != image_pairs.MALIGNANT:
        made += f" --malignant {' '.join(options.malignant)}"
    table = pd.DataFrame(rows).round(4).to_csv(index=False, lineterminator="\n")
    path.write_text(f"{made}\n{table}", encoding="utf-8")
    say(f"wrote {path}")


def main(arguments=None):
    """Run the command line; return 0, or 2 after a sentence on bad input."""
    options = parse(arguments)
    wanted = ("report", "transfer") if options.part == "all" else (options.part,)
    try:
        options.real_data = real_folders.check_folder(options.real_data)
        for part in wanted:
            run = run_report if part == "report" else run_transfer
            rows = [line for name in options.sets for line in run(options, name)]
            write(options, part, rows)
    except ValueError as error:
        print(f"realism.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
