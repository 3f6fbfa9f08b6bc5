"""A till: paper and cards become awards. The rules of the counter are in `checkout`."""
