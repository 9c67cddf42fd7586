"""Virtual time, and what has no place in it swapped for something that has: threads (`scheduler`, `pool`), the wire
(`wire`), queues (`queue`), S3 (`objects`), and a store between whose steps a process may die (`stepped`, `mishaps`)."""
