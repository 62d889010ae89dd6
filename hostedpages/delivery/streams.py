"""The streams of mail, by whom they come from: each kind of delivery says in which one it goes.

Must never know a sender: `senders.py` says who takes a stream.
"""

PRODUCT = "product"  # about somebody's access to the product itself: always from the installation
GENERAL = "general"  # to our own people: notifications
MARKETING = "marketing"  # to contacts, as a step of a plan
USER = "user:"  # to contacts in the name of a user, whose public id follows
FIXED = "fixed"  # whoever puts it names the sender, and it keeps it
NO_MAIL = "no_mail"  # goes out by another way than mail, whatever happens to mail servers
