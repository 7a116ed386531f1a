"""Tests of each service, over real HTTP with real clients."""
