"""HTTP bindings: KVP and POX."""
