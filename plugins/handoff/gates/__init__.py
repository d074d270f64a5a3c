"""Gates: Great Expectations over what has landed, been scored and been queued. Suites are in `expectations/`."""
