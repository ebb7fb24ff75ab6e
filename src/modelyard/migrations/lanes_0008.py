"""Puts the items of jobs that go on into lanes, as the schema 0008 wants it."""

from sqlalchemy import Connection, text


def fill_lanes(connection: Connection) -> None:
    """One lane for each version, priority, team and user that has open items, and the items in them."""
    connection.execute(
        text(
            "INSERT INTO job_lanes (version_id, priority, team_id, user_id, is_waiting, last_turn, revision) "
            "SELECT DISTINCT job_items.version_id, job_items.priority, jobs.team_id, jobs.user_id, :yes, 0, 0 "
            "FROM job_items JOIN jobs ON jobs.id = job_items.job_id WHERE job_items.state IN ('queued', 'running')"
        ),
        {"yes": True},
    )
    connection.execute(
        text(
            "UPDATE job_items SET lane_id = (SELECT job_lanes.id FROM job_lanes JOIN jobs "
            "ON jobs.team_id = job_lanes.team_id AND jobs.user_id = job_lanes.user_id "
            "WHERE jobs.id = job_items.job_id AND job_lanes.version_id = job_items.version_id "
            "AND job_lanes.priority = job_items.priority) WHERE job_items.state IN ('queued', 'running')"
        )
    )
