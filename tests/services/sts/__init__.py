"""Tests of STS, over HTTP with boto3."""
