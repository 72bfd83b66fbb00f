"""The color client: a photo in, the photo in color out, over HTTP.

`routes` is POST /predict; `coloring` is what it and the folder command do; `color_network` speaks
both signatures of the model; `page/` and `templates/` are the page. Imports `web`, `pictures`,
`predict_url`, `feedback` and `photo_client`.
"""
