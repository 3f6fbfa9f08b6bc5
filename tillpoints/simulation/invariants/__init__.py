"""What must hold in every run, whatever fails: the checks, and the facts they are held against."""
