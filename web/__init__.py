"""How any service of ours serves: the server and its defenses, admission, problems, logs,
metrics, settings from the environment. Knows nothing of pictures or tensors; imports no other
package of ours.
"""
