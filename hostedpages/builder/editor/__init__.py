"""The form designer: loads and saves the draft, and shows it by the real renderer."""
