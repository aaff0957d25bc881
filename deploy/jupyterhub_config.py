"""JupyterHub for one room on one server. README.md here says how to set it up.

Everything that differs between servers is an environment variable, so nobody edits this file:
COURSE_HUB_PORT (8000), COURSE_HUB_STATE (/var/lib/course-hub), COURSE_HUB_MEMORY (4G, per learner),
COURSE_HUB_CPUS (2, per learner) and COURSE_HUB_SERVERS (how many at once; from the memory).
"""

import os
import resource
import sys
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner

c = get_config()  # noqa: F821 - JupyterHub defines it

HERE = Path(__file__).resolve().parent
ENVIRONMENT = Path(sys.prefix)
STATE = Path(os.environ.get("COURSE_HUB_STATE", "/var/lib/course-hub"))
PORT = int(os.environ.get("COURSE_HUB_PORT", "8000"))
MEMORY = os.environ.get("COURSE_HUB_MEMORY", "4G")
CPUS = float(os.environ.get("COURSE_HUB_CPUS", "2"))

# Secrets, the database and what learners write is for their owner alone.
os.umask(0o077)
STATE.mkdir(mode=0o700, parents=True, exist_ok=True)

# ---- Addresses: this machine only. nginx.conf shows the way in from outside, with TLS. --------
c.JupyterHub.bind_url = f"http://127.0.0.1:{PORT}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 1}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{PORT + 2}"
c.ConfigurableHTTPProxy.command = [str(HERE / "proxy")]
# As a service, the proxy is a unit of its own and goes on while the hub restarts.
c.ConfigurableHTTPProxy.should_start = "CONFIGPROXY_AUTH_TOKEN" not in os.environ
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# ---- What the hub remembers, so that it can be killed and started again. ----------------------
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
# A hub that ends leaves the servers of the learners running and finds them when it returns.
c.JupyterHub.cleanup_servers = False

# ---- Who may enter: accounts of this machine in one of two groups. There is no sign-up. -------
# The system keeps the passwords, hashed, and separates the learners' files and processes.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"course-learners", "course-teachers"}
# Teachers see who is there and stop servers; they do not get into a learner's server.
c.PAMAuthenticator.admin_groups = {"course-teachers"}
# A group changed or an account deleted counts from the next start of a server.
c.Authenticator.refresh_pre_spawn = True

# ---- Each learner's server: the learner's own process, without the hub's privileges. ----------
c.Spawner.cmd = [str(HERE / "start-server"), str(ENVIRONMENT)]
c.Spawner.notebook_dir = "~/cnn-course"
c.Spawner.default_url = "/lab/tree/00_start_here.ipynb"
# A broken or malicious file in ~/.jupyter cannot change how the server starts.
c.Spawner.disable_user_config = True
c.Spawner.mem_limit = MEMORY
c.Spawner.cpu_limit = CPUS
threads = str(max(1, round(CPUS)))
c.Spawner.environment = {
    "PATH": f"{ENVIRONMENT / 'bin'}:/usr/local/bin:/usr/bin:/bin",
    "PYTHONPATH": str(HERE.parent),
    "JUPYTER_CONFIG_PATH": f"{HERE / 'server'}:{HERE.parent / 'course_utils/app/jupyter'}",
    # Libraries count the cores of the machine, not those a learner may use.
    "OMP_NUM_THREADS": threads,
    "TF_NUM_INTRAOP_THREADS": threads,
}


class LimitedProcessSpawner(LocalProcessSpawner):
    """A plain process with the limits that a process can have, where systemd is missing.

    A process, not a learner, may reserve twice the memory limit, because TensorFlow reserves much
    more than it uses; CPU time is only shared fairly.
    """

    def make_preexec_fn(self, name):
        """Set the limits in the new process, before it becomes the learner's."""
        become_learner = super().make_preexec_fn(name)
        memory = 2 * int(self.mem_limit)

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
            resource.setrlimit(resource.RLIMIT_NPROC, (1000, 1000))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.nice(5)  # the hub answers before lessons compute
            # If the machine runs out of memory, a kernel dies and not the hub.
            Path("/proc/self/oom_score_adj").write_text("500")
            become_learner()

        return limit


if Path("/run/systemd/system").exists():
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.unit_name_template = "course-{USERNAME}"
    c.SystemdSpawner.default_shell = "/bin/bash"
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.isolate_devices = True
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.unit_extra_properties = {
        # Above the limit one kernel dies, and the learner's server goes on.
        "OOMPolicy": "continue",
        "OOMScoreAdjust": "500",
        "MemorySwapMax": "0",
        "Nice": "5",
        "TasksMax": "1000",
        "UMask": "0077",
        # Learners do not see each other's processes and command lines.
        "ProtectProc": "invisible",
        "ProtectSystem": "strict",
        "ReadWritePaths": "-/home -/var/tmp -/dev/shm",
        "InaccessiblePaths": f"-{STATE}",
    }
else:
    c.JupyterHub.spawner_class = LimitedProcessSpawner

# ---- A full room, and an empty one. -----------------------------------------------------------
# A server with the hungriest lesson open takes 2.3 GB beyond what learners share (README), the
# machine itself 2 GB. The next learner is told that the room is full, which is better than losing
# everybody's kernels.
total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
room = max(1, int((total - 2e9) / 2.3e9))
c.JupyterHub.active_server_limit = int(os.environ.get("COURSE_HUB_SERVERS", room))
# A class that logs in at once waits; it is not turned away. So the limit is a room, and the time
# to start is generous.
c.JupyterHub.concurrent_spawn_limit = 40
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300
# Two hours without anything computed or typed: the server ends. Files stay.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
