"""What never changes in GitHub's answers: URLs below other URLs, and values that nobody here asks about."""

# What follows an account's or a repository's own URL.
USER_URLS = {
    "events_url": "/events{/privacy}",
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "organizations_url": "/orgs",
    "received_events_url": "/received_events",
    "repos_url": "/repos",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
}
REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
RUN_URLS = {
    "artifacts_url": "/artifacts",
    "cancel_url": "/cancel",
    "jobs_url": "/jobs",
    "logs_url": "/logs",
    "rerun_url": "/rerun",
}
# What nobody here asks about.
PLAIN_REPOSITORY = {
    **dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count"), 0),
    **dict.fromkeys(("size", "stargazers_count", "watchers", "watchers_count"), 0),
    **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url", "pushed_at")),
    **dict.fromkeys(
        ("archived", "disabled", "has_downloads", "has_pages", "has_projects", "has_wiki", "private"), False
    ),
    "has_issues": True,
    "default_branch": "main",
}
PLAIN_PULL = {
    **dict.fromkeys(("active_lock_reason", "assignee", "auto_merge", "body", "merge_commit_sha", "milestone")),
    **dict.fromkeys(("assignees", "labels", "requested_reviewers", "requested_teams"), ()),
    "author_association": "CONTRIBUTOR",
    "draft": False,
    "locked": False,
    "merged_at": None,
    "title": "A change",
}
ISSUE_URLS = {
    "comments_url": "/comments",
    "events_url": "/events",
    "labels_url": "/labels{/name}",
    "timeline_url": "/timeline",
}
PLAIN_ISSUE = {
    **dict.fromkeys(("active_lock_reason", "assignee", "closed_by", "milestone", "performed_via_github_app", "type")),
    **dict.fromkeys(("assignees", "labels"), ()),
    "author_association": "CONTRIBUTOR",
    "comments": 0,
    "locked": False,
}
REACTIONS = dict.fromkeys(("total_count", "+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket"), 0)
A_COMMITTER = {"name": "Somebody", "email": "somebody@example.com"}
