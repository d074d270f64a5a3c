"""Stations score and qualify: one dbt invocation over the agreement."""
