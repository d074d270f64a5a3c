"""Station watch: the clocks that both teams signed."""
