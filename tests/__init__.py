"""Tests mirror the rooms; `laws` holds rules about the code itself, `browser` drives Chromium."""
