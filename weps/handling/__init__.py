"""What people do with episodes, silences and inhibitions, and what is due of them."""
