"""The members that a model card may have where it is sent, and in the file of a model."""

from pydantic import BaseModel, ConfigDict, Field

from modelyard.entrypoints.body_numbers import Number, Whole


class _Known(BaseModel):
    """Members that nobody knows are refused: a word that is spelt wrongly must not be lost."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class GroupMetricBody(_Known):
    """One metric for one group of those whom the model is about."""

    group: str | None = None
    metric: str | None = None
    value: Number | None = None
    sampleCount: Whole | None = None  # noqa: N815 - the API's spelling
    note: str | None = None


class RiskBody(_Known):
    """How much harm the use of the model can do, and why."""

    rating: str | None = Field(None, description="minimal, limited, high or unacceptable.")
    reason: str | None = None


class ContactBody(_Known):
    """Whom to ask."""

    name: str | None = None
    email: str | None = None
    url: str | None = None


class CardMembers(_Known):
    """A model card; texts are Markdown. What is absent or null is empty."""

    intendedUse: str | None = None  # noqa: N815
    outOfScopeUse: str | None = None  # noqa: N815
    trainingData: str | None = None  # noqa: N815
    evaluationData: str | None = None  # noqa: N815
    metricsByGroup: list[GroupMetricBody] | None = None  # noqa: N815
    ethicalConsiderations: str | None = None  # noqa: N815
    caveats: str | None = None
    risk: RiskBody | None = None
    licence: str | None = Field(None, description="An SPDX identifier, or words.")
    languages: list[str] | None = Field(None, description="Language tags such as en.")
    contacts: list[ContactBody] | None = None
