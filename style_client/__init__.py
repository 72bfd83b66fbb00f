"""The style client: a photo in color, or with `style: transfer` in the style of a picture.

`routes` is POST /predict; `painting` is what it and the folder command do; `style_network` speaks
both signatures of the model. Imports `web`, `pictures`, `predict_url`, `feedback`, `photo_client`
and `color_client`.
"""
