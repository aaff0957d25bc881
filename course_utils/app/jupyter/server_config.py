"""JupyterLab's settings for `python -m course_utils lab`: local, quiet, and offline."""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (Jupyter defines it before it reads this file)

# Only this computer can connect, and only with the token in the address.
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.allow_remote_access = False
# The last lines in the terminal are the address.
c.Application.log_level = "WARN"
# The course needs no network once it is installed: no news feed, no look for updates.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
# A rule on line breaks, in custom/ there.
c.LabApp.custom_css = True
c.ServerApp.static_custom_path = [str(Path(__file__).with_name("custom"))]
# Not a login shell, which would put the system's `python` before the environment's.
if os.name != "nt":
    c.ServerApp.terminado_settings = {"shell_command": [os.environ.get("SHELL") or "sh"]}
