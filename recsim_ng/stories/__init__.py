"""How entities meet: templates and ready scenarios."""
