"""Tests of what handlers stand on, each module alone: no server, no sleeps."""
