"""Tests of the user side: the library, the pytest plugin and the command."""
