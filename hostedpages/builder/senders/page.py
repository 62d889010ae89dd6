"""The set-up page of a sender: its form filled, its presets, and all around them.

Must never hand a password to a template: the form shows only whether one is stored.
"""

from typing import Any

from flask import render_template

from hostedpages.accounts import guard
from hostedpages.builder.senders import gate, passwords, queries, trial, windows, words
from hostedpages.builder.senders.forms import (
    IF_FAILING,
    IF_FAILING_WITHOUT_SERVER,
    SCOPES,
    SIGN_INS,
    SenderForm,
    TestSendForm,
)
from hostedpages.builder.services import settings
from hostedpages.mail import oauth
from hostedpages.mail.presets import PRESETS, Preset
from hostedpages.models import Sender

DEFAULT_PRESET = "custom"


def empty_form(slot: gate.Slot, preset: str) -> SenderForm:
    """The form of a new sender, with a preset's values when one is named."""
    user = slot.user
    form = SenderForm(
        data={
            "preset": preset if preset in PRESETS else DEFAULT_PRESET,
            "from_name": user.name if user else guard.current_account().name,
            "email": user.email if user else "",
            # Without a mail server of the installation, the rest would reach nobody.
            "scope": "general_only" if settings().smtp_url else "all_emails",
        }
    )
    fill_with_preset(form)
    return form


def form_of(sender: Sender) -> SenderForm:
    """The form of a stored sender."""
    names = (
        "smtp_host smtp_port security email from_name user_name sign_in imap_enabled imap_host "
        "imap_port scope if_failing"
    )
    data: dict[str, Any] = {name: getattr(sender, name) for name in names.split()}
    company_email = guard.current_account().company_email
    return SenderForm(
        data={
            **data,
            "preset": sender.preset if sender.preset in PRESETS else DEFAULT_PRESET,
            "accepts_clear_text": sender.security == "none",
            "asks_no_password": sender.sign_in == "password" and not sender.secret_sealed,
            "updates_company_email": company_email == sender.email,
            "per_hour": windows.count_of(sender.limits, windows.HOUR),
            "per_day": windows.count_of(sender.limits, windows.DAY),
        }
    )


def fill_with_preset(form: SenderForm) -> None:
    """Put the chosen provider's values into the form, as the script does at once."""
    preset = PRESETS.get(str(form.preset.data or ""))
    if preset is None:
        return
    _empty_of_providers(form)
    for name, value in fills_of(preset).items():
        form[name].data, form[name].raw_data = value, None


def _empty_of_providers(form: SenderForm) -> None:
    """Take out what another provider had filled in, and leave what was typed."""
    host = str(form.smtp_host.data or "")
    former = next((each for each in PRESETS.values() if host and each.smtp_host == host), None)
    for name, value in fills_of(former).items() if former else ():
        if form[name].data == value:
            form[name].data, form[name].raw_data = form[name].default, None


def fills_of(preset: Preset) -> dict[str, Any]:
    """What choosing this provider writes into the form. What is not known of it is left out: there
    what was typed stays or comes back."""
    counts = {
        "per_hour": windows.count_of(preset.limits, windows.HOUR),
        "per_day": windows.count_of(preset.limits, windows.DAY),
    }
    if not preset.smtp_host:
        return {name: count for name, count in counts.items() if count is not None}
    found: dict[str, Any] = {
        **counts,
        "smtp_host": preset.smtp_host,
        "smtp_port": preset.smtp_port,
        "security": preset.security,
    }
    if preset.imap_host:
        found |= {"imap_host": preset.imap_host, "imap_port": preset.imap_port}
    return found


def loss_of(sender: Sender) -> str:
    """What would reach nobody if this sender were turned off or removed now."""
    return "" if settings().smtp_url else words.loss_of(queries.streams_of(sender))


def of_new(form: SenderForm, slot: gate.Slot, **shown: Any) -> str:
    """The page that sets a sender up."""
    heading = words.title_of(slot.key, slot.user)
    return _page(form, None, slot.key, heading, **{"slot": slot.name, **shown})


def of_stored(form: SenderForm, sender: Sender, **shown: Any) -> str:
    """The page of a sender that is stored."""
    row = queries.row_of(sender)
    heading = words.title_of(sender.slot, row.user)
    shown = {"row": row, "state": words.state_of(row), "loss": loss_of(sender), **shown}
    return _page(form, sender, sender.slot, heading, **shown)


def _page(form: SenderForm, sender: Sender | None, key: str, heading: str, **shown: Any) -> str:
    preset = PRESETS.get(str(form.preset.data or ""), PRESETS[DEFAULT_PRESET])
    configured = oauth.clients(settings())
    form.sign_in.choices = {
        name: label
        for name, label in SIGN_INS.items()
        if name == "password" or name in configured or name == form.sign_in.data
    }
    to_form = shown.pop("to_form", None) or TestSendForm(
        data={"to": guard.current_session().user.email}
    )
    limits = windows.basis(preset.key, sender)
    has_password = sender is not None and passwords.has_stored(sender)
    _remember_typed(form, has_password=has_password)
    return render_template(
        "builder/senders/sender.html",
        form=form,
        to_form=to_form,
        sender=sender,
        heading=heading,
        slot_key=key,
        presets=PRESETS.values(),
        chosen=preset,
        fills_of=fills_of,
        rules_of=windows.other_rules,
        rules=windows.other_rules(limits),
        scopes=SCOPES,
        if_failing=IF_FAILING if settings().smtp_url else IF_FAILING_WITHOUT_SERVER,
        has_password=has_password,
        needs_password=passwords.ASK_AGAIN in form.password.errors,
        kinds=trial.KINDS,
        words=words,
        **shown,
    )


def _remember_typed(form: SenderForm, *, has_password: bool) -> None:
    """Note in the page that a password was typed which it does not keep.

    Somebody who was told so may leave the field empty, when there is a stored one to be kept.
    """
    was_told = has_password and bool(form.password.errors)
    is_waiting = bool(form.password_was_typed.data) and not was_told
    form.password_was_typed.data = "1" if form.password.data or is_waiting else ""
