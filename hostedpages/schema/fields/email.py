"""Exactly one email address, checked for its form only."""

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import PlaceholderSettings


class Email(FieldType):
    """Kept as typed; compared in lower case."""

    key = "email"
    label = "Email"
    group = "Contact"
    icon = "mail"
    order = 40
    html_type = "email"
    autocomplete = "email"
    inputmode = "email"
    settings = PlaceholderSettings
    can_bind_to = ("email",)
    examples = Examples(
        good=(
            Good([" Ada@Example.org "], "Ada@Example.org", "Ada@Example.org"),
            Good(["a+b@mail.example.co.uk"], "a+b@mail.example.co.uk", "a+b@mail.example.co.uk"),
            Good(["a\u200b@example.org"], "a@example.org", "a@example.org"),
            Good(["ada@shop.test"], "ada@shop.test", "ada@shop.test"),
        ),
        bad=tuple(
            Bad([raw], clean.EMAIL_MESSAGE)
            for raw in (
                "ada", "ada@", "ada@example", "a@b.org, c@d.org", "a@b.org;c@d.org",
                "Ada <a@b.org>", '"a@b.org,v"@x.org', "(c)a@b.org", "a@[127.0.0.1]",
                "-oX@b.org", "a@b.org>\ufffd", f"{'a' * 250}@b.org", "a@b..org", "a@b.local",
            )
        ),
    )  # fmt: skip

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The address as typed."""
        return clean.email(text)

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """The longest address that mail servers take."""
        return {"maxlength": str(clean.MAX_EMAIL)}
