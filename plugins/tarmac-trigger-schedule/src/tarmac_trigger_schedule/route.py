"""A scheduled task as the manifest describes it."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from tarmac_core.plugin import RouteModel


class ScheduledTaskRoute(RouteModel):
    """A function that is called again and again. Exactly one of `frequency` and `cron` is given."""

    frequency: int | None = Field(None, gt=0, le=31_536_000, description="Seconds from one start to the next.")
    cron: str | None = Field(
        None, description="Cron line of five fields (or six, with seconds last), in UTC, instead of `frequency`."
    )

    @field_validator("cron")
    @classmethod
    def _readable(cls, line: str | None) -> str | None:
        if line is not None:
            from tarmac_trigger_schedule.times import next_time_s  # noqa: PLC0415 - the parser costs start-up time

            next_time_s(line, after_s=0)
        return line

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.frequency is None) == (self.cron is None):
            raise ValueError("needs exactly one of frequency (seconds) and cron")
        return self
