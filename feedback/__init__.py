"""Which model people prefer: receipts that come with pictures, votes on them, and the report.

`receipts` signs and reads receipts; `vote` checks a vote, `votes` stores it; `report` computes the
result with `interval` and `strengths`; `formats` and `page` write it. Imports `web`.
"""
