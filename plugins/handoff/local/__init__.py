"""The whole stack on one machine: embedded Postgres, the sandbox and Airflow's components under one supervisor."""
