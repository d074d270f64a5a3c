"""Station notify: the message a rep acts on, exactly once in effect."""
