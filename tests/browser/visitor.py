"""A visitor who fills in an estimate form: in a window, in a frame, with scripts and without.

Must never look behind the screen: what was stored is read by the tests.
"""

from dataclasses import dataclass

from playwright.sync_api import FrameLocator, Locator, Page, expect


@dataclass(frozen=True)
class Person:
    """Who is asking, and for what."""

    first_name: str
    last_name: str
    email: str
    job: str

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def answers(self) -> dict[str, str]:
        """Label and answer of the second screen, as staff read them."""
        return {
            "First name": self.first_name,
            "Last name": self.last_name,
            "Email": self.email,
            "Phone": "(801) 555-0123",
            "Street address": "12 Long Meadow Rd",
            "City": "Provo",
            "ZIP code": "84604",
        }


def field(form: Page | FrameLocator, label: str) -> Locator:
    """The control with this label; a required one has a star behind its words."""
    exact = form.get_by_label(label, exact=True)
    return exact.or_(form.get_by_label(f"{label} *", exact=True))


def ask_for_something_else(form: Page | FrameLocator) -> None:
    """Answer the first screen but for the question that a rule shows."""
    field(form, "What do you need done?").select_option(label="Something else")
    form.get_by_label("Within a month").check()
    field(form, "Describe the job").fill("One copper bay,\nabout 30 years old.")


def tell_the_job(form: Page | FrameLocator, person: Person) -> None:
    """Answer the question that the rule shows, and go on."""
    field(form, "What is it?").fill(person.job)
    form.get_by_role("button", name="Next").click()


def say_who_is_asking(
    form: Page | FrameLocator, person: Person, more: dict[str, str] | None = None
) -> None:
    """Answer the second screen and send."""
    for label, answer in {**person.answers, **(more or {})}.items():
        field(form, label).fill(answer)
    form.get_by_label("You may text me", exact=False).check()
    form.get_by_role("button", name="Get my estimate").click()
    expect(form.get_by_text("Reference number")).to_be_visible()
