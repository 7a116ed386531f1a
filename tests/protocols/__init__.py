"""The wire formats, tested."""
