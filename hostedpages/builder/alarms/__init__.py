"""Alarms: what needs a person, who is told, and the test of both ways."""
