"""What a mail-order shop's purchases say: figures, and the counts they are made of."""
