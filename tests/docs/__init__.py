"""Tests of the documentation: that it is true as far as a test can tell."""
