"""Members as people: names, numbers, phones and cards. None of it leaves central unhashed."""
