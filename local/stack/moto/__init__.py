"""moto as the local stack needs it: quick, and as a server or inside this process."""
