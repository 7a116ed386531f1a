"""Tests of packaging: what is shipped, and how it is set up."""
