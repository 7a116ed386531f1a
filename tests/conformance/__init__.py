"""What the models generate: every operation of every service."""
