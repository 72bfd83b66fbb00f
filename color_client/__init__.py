"""A photo in, the photo in color out, over HTTP; the network sits behind a predict URL."""
