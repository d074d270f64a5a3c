"""Station enrich: Apollo's people and organisations into raw, cached."""
