"""What people think of the pictures: receipts that come with them, the votes that people give for
receipts, the report of which model is liked better. Imports `web`.
"""
