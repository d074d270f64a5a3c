"""Runs in Superset's environment, which has none of this project's packages: standard library and Superset only."""
