"""Tests that drive the running product with a headless Chromium, as a person would."""
