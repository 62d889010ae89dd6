"""The blueprint that every area of the builder hangs its views on.

Must never import an area: areas import this.
"""

from flask import Blueprint

blueprint = Blueprint("builder", __name__, template_folder="templates")
