"""Base models for the parts of `tarmac.json` that plugins define: routes and grants. Keys are matched in any case."""

from pydantic import BaseModel, ConfigDict, Field


class RouteModel(BaseModel):
    """A route of one type; a trigger or capability subclasses it with its own fields. Unknown keys are only warned about."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str = Field(min_length=1, description="Which trigger or capability serves this route.")
    function: str = Field(min_length=1, description="The function that is called.")


class GrantModel(BaseModel):
    """What one function may do with one capability. Unknown keys are errors: a misspelt restriction must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreGrant(GrantModel):
    """A grant for a capability with backends; core refuses stores that are not named here."""

    stores: tuple[str, ...] = Field(("default",), description="Stores the function may reach.")
