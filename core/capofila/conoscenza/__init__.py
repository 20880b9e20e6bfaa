"""The sistema di conoscenza: indicators of needs, demand and supply, their figures, what is said of them."""
