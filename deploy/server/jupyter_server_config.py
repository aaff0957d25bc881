"""Settings of every learner's server; the learner cannot change them."""

c = get_config()  # noqa: F821 - Jupyter defines it

# Sockets in the learner's home, which nobody else may enter. Over TCP, any account of the machine
# could listen to what a kernel prints: its output port asks for no key.
c.KernelManager.transport = "ipc"

# A kernel holds 1 GB or more. One that nobody has used for an hour ends, also where its page is
# still open; the notebook and its outputs stay.
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 300
c.MappingKernelManager.cull_connected = True

# As `python -m course_utils lab` has it: no request leaves the machine, few words in the log.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
c.LabApp.custom_css = True
c.Application.log_level = "WARN"
