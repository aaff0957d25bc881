"""Brain MRI with and without simulated tumors, on the anatomy of the ICBM 2009a template."""
