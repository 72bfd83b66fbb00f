"""What a client of photos is, whatever it makes of them: uploads, replies, the folder
command, the command line. Imports `web`, `pictures` and `predict_url`.
"""
