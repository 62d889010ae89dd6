"""Settings > Domains: proving a domain, so that mail of our server comes from it."""
