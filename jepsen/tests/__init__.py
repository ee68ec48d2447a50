"""Tests of the harness: see ../README.md."""
