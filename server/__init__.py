"""The edge: sockets and HTTP in, one AWS request out; the control API, the hooks and the command
line.
"""

__version__ = "0.1.0"
