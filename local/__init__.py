"""The whole service on one machine, without Kubernetes.

`cli` reads the command line, `color_service` says which programs make up the service, `supervisor`
keeps them running, `program` runs one of them, `guard` sees to it that none outlives us. The others
of this repository are started as programs, never imported.
"""
