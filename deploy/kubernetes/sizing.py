"""How much 300 learners need: measured figures, assumptions, and the arithmetic between them.

    python deploy/kubernetes/sizing.py

prints the tables of README.md here; a test compares them.
"""

from math import ceil

# Measured: deploy/README.md says how. Gigabytes are 10^9 bytes.
SERVER_GB = 0.19  # JupyterLab's server of one learner
KERNEL_GB = {"02": 1.32, "04": 2.55}  # the kernel of a lesson at its most, one learner alone
CPU_SECONDS = {"02": 25, "04": 161}  # processor time of a lesson, run once
ENVIRONMENT_GB = 3.2  # installed packages
COURSE_GB = 0.06  # lessons, data, helpers
HOME_GB = 0.023  # a learner's home after lesson 04

# Decided in values.yaml.
LEARNERS = 300
GUARANTEE_GB = 2.5 * 1.0737  # 2.5G means 2.5 GiB there
CAPACITY_GB = 1.0737
PLACEHOLDERS = 10

# Assumed: change these to your provider's.
NODE_GB, NODE_CORES = 64, 16
BASE_IMAGE_GB = 0.15
SYSTEM_GB, SYSTEM_CORES = 4, 1  # what kubelet, network and image puller keep of a node
CORE_MINUTES = 74  # a lesson, as its head says
SESSION_HOURS = 4  # a day of teaching
SESSIONS = 3


def sizes():
    """Return lines of (what, arithmetic, result)."""
    per_node = int((NODE_GB - SYSTEM_GB) / GUARANTEE_GB)
    nodes = ceil((LEARNERS + PLACEHOLDERS) / per_node)
    cores = LEARNERS * CPU_SECONDS["04"] / (CORE_MINUTES * 60)
    available = nodes * (NODE_CORES - SYSTEM_CORES)
    need = {lesson: SERVER_GB + kernel for lesson, kernel in KERNEL_GB.items()}
    return [
        *(
            (
                f"one learner, lesson {lesson}",
                f"{SERVER_GB} + {KERNEL_GB[lesson]:.2f} GB",
                f"{total:.2f} GB",
            )
            for lesson, total in need.items()
        ),
        ("learners per node", f"({NODE_GB} − {SYSTEM_GB}) / {GUARANTEE_GB:.2f} GB", f"{per_node}"),
        ("nodes", f"({LEARNERS} + {PLACEHOLDERS}) / {per_node}", f"{nodes}"),
        (
            "cores busy on average",
            f"{LEARNERS} × {CPU_SECONDS['04']} s / {CORE_MINUTES * 60} s",
            f"{cores:.0f}",
        ),
        ("cores there", f"{nodes} × ({NODE_CORES} − {SYSTEM_CORES})", f"{available}"),
        (
            "all train lesson 04 at once",
            f"{LEARNERS} × {CPU_SECONDS['04']} s / {available}",
            f"{LEARNERS * CPU_SECONDS['04'] / available / 60:.0f} min",
        ),
        (
            "image, unpacked",
            f"{ENVIRONMENT_GB} + {COURSE_GB} + {BASE_IMAGE_GB} GB",
            f"{ENVIRONMENT_GB + COURSE_GB + BASE_IMAGE_GB:.1f} GB",
        ),
        (
            "homes reserved",
            f"{LEARNERS} × {CAPACITY_GB:.2f} GB",
            f"{LEARNERS * CAPACITY_GB:.0f} GB",
        ),
        ("homes filled", f"{LEARNERS} × {HOME_GB} GB", f"{LEARNERS * HOME_GB:.0f} GB"),
        (
            "node hours, three half days",
            f"{nodes} × {SESSION_HOURS} × {SESSIONS}",
            f"{nodes * SESSION_HOURS * SESSIONS}",
        ),
        ("node hours, never switched off, 30 days", f"{nodes} × 24 × 30", f"{nodes * 24 * 30}"),
    ]


def table():
    """Return the lines of a table in Markdown."""
    lines = ["| what | arithmetic | result |", "|---|---|---|"]
    return lines + [f"| {' | '.join(line)} |" for line in sizes()]


if __name__ == "__main__":
    print("\n".join(table()))
