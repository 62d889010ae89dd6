"""Plans and steps in words: when a step comes, what it is called, how a plan stands.

Must never decide when a step is due; `delivery.plans` does.
"""

from datetime import datetime

from flask import Blueprint
from werkzeug.datastructures import MultiDict

from hostedpages.accounts import guard
from hostedpages.builder import times
from hostedpages.delivery.kinds import kind_of
from hostedpages.models import ActionPlan, PlanStep

# State of a plan: text, kind of its pill.
PLAN_STATES: dict[str, tuple[str, str]] = {"draft": ("Draft", "quiet"), "ready": ("Ready", "ok")}
ARCHIVED = ("Archived", "quiet")

# State of somebody in a plan: text, kind of its pill.
ENROLLMENT_STATES: dict[str, tuple[str, str]] = {
    "active": ("In the plan", "ok"),
    "completed": ("Finished", ""),
    "stopped": ("Stopped", "quiet"),
}

MAX_TITLE = 120


def plan_state(plan: ActionPlan) -> tuple[str, str]:
    """Text and pill of a plan's state."""
    if plan.archived_at is not None:
        return ARCHIVED
    return PLAN_STATES.get(plan.state, (plan.state, ""))


def delay_words(step: PlanStep) -> str:
    """ "3 days after the start, at 9:00 am New York time", in the account's zone."""
    where = times.zone_words(guard.current_account().time_zone)
    at = f"{times.time_of_day(step.at_time)} {where}" if step.at_time else ""
    if step.delay_amount == 0:
        return f"At the next {at}" if at else "At once"
    unit = step.delay_unit if step.delay_amount != 1 else step.delay_unit.removesuffix("s")
    after = f"{step.delay_amount} {unit} after the start"
    if not at:
        return after
    return f"{after}, at {'the next ' if step.delay_unit in ('minutes', 'hours') else ''}{at}"


def step_title(step: PlanStep) -> str:
    """What the step says, in short: the first text among its settings; empty when there is none."""
    for name in kind_of(step.kind).settings()._fields:
        value = step.settings.get(name)
        if isinstance(value, str) and value.strip():
            line = value.strip().splitlines()[0]
            return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1] + "…"
    return ""


def stored_as_typed(settings: dict[str, object]) -> MultiDict[str, str]:
    """Stored settings as a browser would send them, so that their form can check them again."""
    typed: MultiDict[str, str] = MultiDict()
    for name, value in settings.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is not None and each is not False:
                typed.add(name, str(each))
    return typed


def since_words(start: datetime, then: datetime) -> str:
    """How long after the start: "at once", "3 days later", "2 days 5 hours later"."""
    minutes = round((then - start).total_seconds() / 60)
    if minutes <= 0:
        return "at once"
    parts = []
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        amount, minutes = divmod(minutes, size)
        if amount:
            parts.append(f"{amount} {name}{'' if amount == 1 else 's'}")
    return " ".join(parts[:2]) + " later"


def install(blueprint: Blueprint) -> None:
    """Give templates the filters that say plans and steps in words."""
    blueprint.add_app_template_filter(delay_words, "delay_words")
    blueprint.add_app_template_filter(step_title, "step_title")
    blueprint.add_app_template_filter(plan_state, "plan_state")
