"""Runs the manifest's `scheduled_task` functions: every so many seconds, or at the times of a cron line."""

from tarmac_trigger_schedule.plugin import SchedulePlugin
from tarmac_trigger_schedule.route import ScheduledTaskRoute

__all__ = ["SchedulePlugin", "ScheduledTaskRoute"]
