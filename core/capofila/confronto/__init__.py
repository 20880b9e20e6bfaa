"""What the ambiti released to the health agency. Nobody reads across ambiti in any other way."""
