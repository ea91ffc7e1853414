"""The rules, one to a file.

Each has a `NAME` and `apply(editor)`, which changes the graph and returns how often it fired.
"""
