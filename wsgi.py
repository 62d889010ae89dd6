"""What gunicorn serves; nothing else belongs here."""

from hostedpages.app import create_app

app = create_app()
