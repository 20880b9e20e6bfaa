"""What a person pays for a service, why, and what it would cost to change the rule."""
