"""A photo and a style picture in, the photo in that style out; without the header, in color."""
