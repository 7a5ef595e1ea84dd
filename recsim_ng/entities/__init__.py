"""Who acts: users, corpora, recommenders, providers, metrics, and what they are made of."""
