"""What both clients share: uploads, replies, the folder command, the command line, /openapi.json.

Knows photos, and nothing of color or style. Imports `web`, `pictures`, `predict_url` and
`feedback`.
"""
