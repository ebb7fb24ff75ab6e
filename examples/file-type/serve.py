"""Serves the file type model over container protocol HTTP v1."""

from file_type import FileTypeModel
from serving.http_v1 import serve  # type: ignore[import-not-found]

if __name__ == "__main__":
    serve(FileTypeModel)
