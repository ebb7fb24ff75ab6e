"""The words that model hubs know for what a card says: tasks and licences."""

from collections.abc import Collection

_CLASSIFY, _COUNT, _ENHANCE, _FORECAST, _LOCATE = (
    "label_or_classify",
    "count",
    "enhance_or_preprocess",
    "forecast_or_estimate",
    "locate_or_detect",
)
_TEXT = {"language_and_text", "topics,_ideas,_and_sentiment"}
_IMAGES = {"image", "video,_images,_and_illustrations", "colors,_textures,_and_patterns", "satellites_and_space"}
_AUDIO = {"audio"}
_SERIES = {"time_series", "signal"}
_PIPELINES = (
    (_CLASSIFY, _TEXT, "text-classification"),
    (_CLASSIFY, _AUDIO, "audio-classification"),
    (_CLASSIFY, _IMAGES, "image-classification"),
    (_FORECAST, _SERIES, "time-series-forecasting"),
    (_LOCATE, _AUDIO, "voice-activity-detection"),
    (_LOCATE, _TEXT, "token-classification"),
    (_LOCATE, _IMAGES, "object-detection"),
    (_COUNT, _IMAGES, "object-detection"),
    (_ENHANCE, _AUDIO, "audio-to-audio"),
    (_ENHANCE, _IMAGES, "image-to-image"),
)
"""Our tag of a task, with one of these tags beside it, is that task of the hubs. The first that fits counts."""
_LICENCES = {
    *("afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bsd-2-clause", "bsd-3-clause", "bsl-1.0", "cc0-1.0"),
    *("cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0"),
    *("cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0"),
    *("cc-by-nc-sa-4.0", "ecl-2.0", "epl-1.0", "epl-2.0", "eupl-1.1", "eupl-1.2", "gpl-2.0", "gpl-3.0", "isc"),
    *("lgpl-2.1", "lgpl-3.0", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl", "ofl-1.1", "osl-3.0"),
    *("postgresql", "unlicense", "wtfpl", "zlib"),
}


def pipeline_of(tags: Collection[str]) -> str | None:
    """The hubs' word for the task that a model's tags tell of, where they have one."""
    for task, beside, pipeline in _PIPELINES:
        if task in tags and beside.intersection(tags):
            return pipeline
    return None


def licence_of(licence: str) -> str | None:
    """The hubs' word for an SPDX identifier; None for licences that they do not know, and for words."""
    word = licence.strip().lower().removesuffix("-only").removesuffix("-or-later").removesuffix("+")
    return word if word in _LICENCES else None
