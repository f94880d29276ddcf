"""Event rules: languages, operators, and the network that runs many rules together."""
