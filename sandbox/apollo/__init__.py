"""Apollo: enrichment of people and organisations, with its windows and credits."""
