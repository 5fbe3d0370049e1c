"""Where what stands beside the orders comes from: ad spend, products, answers, contracts, measures."""
