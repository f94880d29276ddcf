"""HTTP bindings: KVP, POX and SOAP."""
