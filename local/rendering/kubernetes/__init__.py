"""Applications as plain objects of Kubernetes: no KubeVela, Seldon, Ambassador or operator."""
