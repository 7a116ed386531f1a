"""Requests that nobody should send: what a client gets wrong, and what an attacker tries."""
