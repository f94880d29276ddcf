"""The operations of the service, one file each."""
