"""Tests of S3."""
