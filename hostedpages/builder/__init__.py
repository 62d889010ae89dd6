"""The staff side: one blueprint, one import an area.

Must never be imported by a room below it.
"""

from hostedpages.builder import shell, times
from hostedpages.builder.addresses import views as addresses_views
from hostedpages.builder.alarms import views as alarms_views
from hostedpages.builder.blueprint import blueprint
from hostedpages.builder.deliveries import views as deliveries_views
from hostedpages.builder.domains import views as domains_views
from hostedpages.builder.editor import views as editor_views
from hostedpages.builder.inbox import views as inbox_views
from hostedpages.builder.options import views as options_views
from hostedpages.builder.pages import publish_views, workspace
from hostedpages.builder.pages import views as pages_views
from hostedpages.builder.plans import step_views as plan_step_views
from hostedpages.builder.plans import views as plans_views
from hostedpages.builder.senders import check_views as sender_check_views
from hostedpages.builder.senders import sign_in_views as sender_sign_in_views
from hostedpages.builder.senders import views as senders_views
from hostedpages.builder.settings import source_views, user_views
from hostedpages.builder.settings import views as settings_views
from hostedpages.builder.share import views as share_views

times.install(blueprint)
shell.install(blueprint)
workspace.install(blueprint)

__all__ = [
    "addresses_views",
    "alarms_views",
    "blueprint",
    "deliveries_views",
    "domains_views",
    "editor_views",
    "inbox_views",
    "options_views",
    "pages_views",
    "plan_step_views",
    "plans_views",
    "publish_views",
    "sender_check_views",
    "sender_sign_in_views",
    "senders_views",
    "share_views",
    "settings_views",
    "source_views",
    "user_views",
]
