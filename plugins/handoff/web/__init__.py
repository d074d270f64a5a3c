"""The web app inside Airflow's API server: signed webhooks in."""
