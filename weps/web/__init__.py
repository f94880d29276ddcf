"""The HTTP face beside the processes: feeds, the data store, episodes, sources, deliveries, events."""
