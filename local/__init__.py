"""The whole service on one machine, without Kubernetes."""
