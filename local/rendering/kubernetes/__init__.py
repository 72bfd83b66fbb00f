"""Applications as plain Kubernetes objects, without KubeVela, Seldon, Ambassador or an operator."""
