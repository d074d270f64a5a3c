"""What another agreement would have decided on history, before anyone feels it."""
