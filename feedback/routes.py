"""POST /feedback, which stores a vote, and GET /report, which shows the result."""

from flask import Blueprint, Response, jsonify, request

from web.json_body import json_body
from web.problems import Problem
from web.rate_limit import RateLimit

from .feedback import Feedback
from .formats import FORMATS
from .metrics import VoteMetrics
from .page import CONTENT_SECURITY_POLICY
from .vote import read_vote

_MAX_BODY_BYTES = 16_384


def feedback_routes(
    feedback: Feedback | None, per_minute: int, with_report: bool, metrics: VoteMetrics
) -> Blueprint:
    """The routes; None is feedback that is off. An address may vote `per_minute` times a minute."""
    routes = Blueprint("feedback", __name__)
    limit = RateLimit(per_minute)

    def on() -> Feedback:
        if feedback is None:
            detail = "Votes are not kept here: the setting FEEDBACK_DB is off."
            raise Problem(404, "feedback-off", detail)
        return feedback

    @routes.post("/feedback")
    def vote() -> Response:
        here = on()
        if wait_s := limit.wait_s(request.remote_addr):
            detail = f"Too many votes from here: {per_minute} a minute are taken."
            raise Problem(429, "too-many-votes", detail, wait_s)
        given = read_vote(json_body(_MAX_BODY_BYTES), here.receipts.read)
        here.store(given)
        metrics.count(given)
        return jsonify(recorded=given.kind, models=given.models)

    @routes.get("/report")
    def report() -> Response:
        here = on()
        if not with_report:
            raise Problem(404, "report-off", "The report is not shown here: REPORT is off.")
        name = request.args.get("format", "html")
        if name not in FORMATS:
            raise Problem(400, "bad-option", f"format must be one of {', '.join(FORMATS)}.")
        media_type, write = FORMATS[name]
        response = Response(write(here.report()), mimetype=media_type)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return routes
