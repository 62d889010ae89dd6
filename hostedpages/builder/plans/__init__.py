"""Action plans: the list, the editor of steps, the rehearsal, and who is in a plan."""
