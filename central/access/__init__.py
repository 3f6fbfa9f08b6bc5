"""How a member proves who they are: a PIN, or a fresh pass on their phone."""
