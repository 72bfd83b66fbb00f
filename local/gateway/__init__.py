"""The gateway's routes, and Envoy's configuration for them, on one machine and in a cluster.

Starts nothing. May import `applications` and `ports`.
"""
