"""Apache Superset over the marts: `assets/` is the dashboard in Superset's export format, `inside/` is what runs in
Superset's own environment, `.venv-bi`."""
