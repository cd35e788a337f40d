"""The day on paper and on disk: sheets of workers and clients, as a page, a PDF and an emergency copy."""
