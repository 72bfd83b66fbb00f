"""The gateway's routes, and Envoy's configuration for them: the same here and in a cluster.

May import `applications`; starts nothing.
"""
