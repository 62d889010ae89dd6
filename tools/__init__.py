"""Tools for developers and for the two commands; the product never imports them."""
