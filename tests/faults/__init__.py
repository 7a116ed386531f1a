"""Anomalies: what is there when something breaks in the middle."""
