"""Applications as text for others to run: for a Kubernetes of today, or for Docker and Podman.

May import `applications` and `gateway`; starts nothing and reads no state.
"""
