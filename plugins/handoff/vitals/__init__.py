"""Whether the line lives: facts of the ledger, what is wrong with them, and who says so from outside of Airflow."""
