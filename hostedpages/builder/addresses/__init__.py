"""Settings > Stopped addresses: who gets no more mail and why, and the way back."""
