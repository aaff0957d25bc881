"""How far the simulated sets are from real images, and what they are worth for them.

The report compares simulated training images with real ones, resized alike (image_pairs.py,
realism_report.py). The transfer experiments train on the one and test on the other
(transfer.py): breast ultrasound needs ``breastmnist*.npz``, skin needs ``skin_lesions/``; the
brain's are in brain_transfer.py. --real-data takes a folder as the README of the studies describes
it; parts that it lacks are said and skipped. On two free cores the report takes about 4 minutes,
the transfer of each set 10 to 30.
"""

import numpy as np

from authoring.studies import image_pairs, real_folders, realism_report, tables, transfer

SETS = tuple(image_pairs.PARTS)
TRANSFER_PARTS = {"breast_ultrasound": "breastmnist", "skin_lesions": "skin_lesions"}
SIMULATED = 800


def pair(folder, name, part, size=None):
    """Return the real and the simulated images, or say what is missing and return None."""
    real = image_pairs.read_real(folder, part, size)
    if real is None:
        print(f"\n{name}: no {part} in {folder}; skipped.", flush=True)
        return None
    return real, image_pairs.read_simulated(name, part, size)


def run_report(options, name):
    """Yield the rows of the realism table of one set."""
    for part in image_pairs.PARTS[name]:
        found = pair(options.real_data, name, part)
        if found is None:
            continue
        real, made = found
        made = image_pairs.like_real(made, real, min(len(real), SIMULATED))
        print(f"\n{name} beside real {part}: {len(real)} real and {len(made)} simulated images, "
              f"{real.images.shape[1]} px", flush=True)  # fmt: skip
        updates = 10 if options.quick else realism_report.DISCRIMINATOR_UPDATES
        for line in realism_report.report(real, made, name == "brain_mri", updates):
            numbers = ("" if np.isnan(line[k]) else f"{line[k]:.2f}" for k in ("real", "simulated"))
            ends = "" if np.isnan(line["low"]) else f"({line['low']:.2f} to {line['high']:.2f})"
            print(f"{line['check']:40s}", *(f"{n:>8s}" for n in numbers), ends, line["note"])
            yield {"set": name, "real_part": part, **line}


def run_transfer(options, name):
    """Yield the rows of the transfer table of one set."""
    if name not in TRANSFER_PARTS:
        print(f"\n{name}: transfer to real slices is in brain_transfer.py.")
        return
    budget = transfer.BUDGETS[name]
    found = pair(options.real_data, name, TRANSFER_PARTS[name], budget.size)
    if found is None:
        return
    real, made = found
    groups, malignant = len(set(real.groups)), real.labels.sum()
    print(f"\n{name}, transfer: {len(real)} real images in {groups} groups ({malignant} "
          f"malignant), {len(made)} simulated, {options.seeds} seeds", flush=True)  # fmt: skip
    if options.part == "tune":
        transfer.tune(name, real, made)
        return
    budget = budget.quick() if options.quick else budget
    for line in transfer.run(name, real, made, options.seeds, budget):
        spread = "" if line["seed_sd"] is None else f", SD over seeds {line['seed_sd']:.3f}"
        print(f"  by {line['unit']:7s}{line['measure']:11s}{line['what']} ({line['real_images']} "
              f"real): {line['value']:+.3f} ({line['low']:+.3f} to {line['high']:+.3f}){spread}",
              flush=True)  # fmt: skip
        yield {"set": name, "seeds": options.seeds, **line}


def main(arguments=None):
    """Run the report, the transfer, or the choice of its learning rates."""
    parser = tables.parser(__doc__, real=True, seeds=5)
    parser.add_argument("--set", nargs="+", choices=SETS, default=list(SETS), dest="sets")
    parser.add_argument("--part", choices=("report", "transfer", "tune"), required=True)
    parser.add_argument("--quick", action="store_true", help="one seed, a few updates: a trial")
    options = parser.parse_args(arguments)
    options.seeds = 1 if options.quick else options.seeds
    real_folders.check_folder(options.real_data)
    run = run_report if options.part == "report" else run_transfer
    rows = [line for name in options.sets for line in run(options, name)]
    made_by = f"realism --real-data DIR --set {' '.join(options.sets)} --part {options.part}"
    tables.write(options.out, rows, f"{made_by} --seeds {options.seeds}")


if __name__ == "__main__":
    tables.run(main)
