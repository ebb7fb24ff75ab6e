"""Serves the forecast model over container protocol HTTP v1."""

from forecast import ForecastModel  # type: ignore[import-not-found]
from serving.http_v1 import serve  # type: ignore[import-not-found]

if __name__ == "__main__":
    serve(ForecastModel)
