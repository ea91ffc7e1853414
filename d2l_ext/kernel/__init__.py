"""Kernels that start at once: forked from a parent that has imported what they need.

`provisioner.ForkProvisioner` is a provisioner of Jupyter's own kind, `d2l-ext-fork`, so that every
client that asks for a kernel by name can have such a kernel. `install` offers one in JupyterLab.
"""
