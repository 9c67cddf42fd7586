"""What the product is about, decided purely: backorders and their states, domains and when they drop, money."""
