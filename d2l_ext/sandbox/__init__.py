"""A sandbox for code that nobody has read, in layers: the strongest that the machine has.

`layers.find` says which there are, `plan.make` how they are put to use, and `jail.enter` shuts a
forked process in. What is inside has no network, no GPU and no privilege, sees no process but its
own, and of the machine's files only Python and the environment, read-only.
"""
