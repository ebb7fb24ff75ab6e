"""The Python client: models, jobs and results from programs and notebooks. This is the registry of its public names."""

from modelyard.client.awaiting import AsyncClient
from modelyard.client.blocking import Client
from modelyard.client.errors import (
    BadInputs,
    ClientError,
    Conflict,
    InvalidInput,
    ItemsFailed,
    JobTakesLonger,
    LimitReached,
    NotAllowed,
    NotAuthenticated,
    NotConfigured,
    NotFound,
    NotOffered,
    NotOurServer,
    PandasMissing,
    Refused,
    ServerFailed,
    TooLarge,
    Unavailable,
    Unreachable,
)
from modelyard.client.inputs import Data
from modelyard.client.results import Item, OutputFile, Results
from modelyard.client.things import Engine, Field, Job, Model, Version

__all__ = [
    "AsyncClient",
    "BadInputs",
    "Client",
    "ClientError",
    "Conflict",
    "Data",
    "Engine",
    "Field",
    "InvalidInput",
    "Item",
    "ItemsFailed",
    "Job",
    "JobTakesLonger",
    "LimitReached",
    "Model",
    "NotAllowed",
    "NotAuthenticated",
    "NotConfigured",
    "NotFound",
    "NotOffered",
    "NotOurServer",
    "OutputFile",
    "PandasMissing",
    "Refused",
    "Results",
    "ServerFailed",
    "TooLarge",
    "Unavailable",
    "Unreachable",
    "Version",
]
