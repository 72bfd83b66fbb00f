"""Applications as text for other programs: objects for Kubernetes, or a compose file.

Starts nothing, and reads no state. May import `applications`, `gateway` and
`ports`.
"""
