"""The web app inside Airflow's API server: signed webhooks and interactions in, pages for people out."""
