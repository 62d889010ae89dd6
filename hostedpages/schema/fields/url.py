"""A web address a visitor gives. Must never become a link that is not http or https."""

from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import PlaceholderSettings
from hostedpages.schema.urls import MAX_URL, visitor_url

MESSAGE = "Please enter a web address such as https://www.example.com."


class Url(FieldType):
    """Stored rebuilt from its parts; a missing scheme becomes https."""

    key = "url"
    label = "Web address"
    group = "Text"
    icon = "link"
    order = 30
    # Not html_type "url": browsers would refuse an address without its scheme.
    autocomplete = "url"
    inputmode = "url"
    settings = PlaceholderSettings
    can_bind_to = ("whiteboard",)
    examples = Examples(
        good=(
            Good(["Example.com"], "https://example.com", "https://example.com"),
            Good(["http://a.example/x?y=1"], "http://a.example/x?y=1", "http://a.example/x?y=1"),
            Good(["https://bücher.example"], "https://xn--bcher-kva.example",
                 "https://xn--bcher-kva.example"),
        ),
        bad=tuple(
            Bad([raw], MESSAGE)
            for raw in (
                "javascript:alert(1)", "ftp://example.com", "https://u:p@example.com", "hello",
                "https:\\\\example.com", "https:///x", "data:text/html,x", "two words.com",
            )
        ),
    )  # fmt: skip

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The address, rebuilt."""
        try:
            return visitor_url(text)
        except ValueError as error:
            raise ValueError(MESSAGE) from error

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """The longest address that is taken."""
        return {"maxlength": str(MAX_URL)}
