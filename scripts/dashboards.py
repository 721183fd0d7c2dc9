#!/usr/bin/env python3
"""Writes charts/stowage/files/dashboards/*.json, Grafana's format, from the panels below.

scripts/dashboards.py          writes them
scripts/dashboards.py --check  says which are not current; exit code 1 then
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "charts/stowage/files/dashboards"

# What every selector begins with: as kubernetes-mixin, so that one Grafana serves many clusters.
OF = 'cluster="$cluster", job="$job", instance=~"$instance"'


def rate(family, labels="", by=""):
    inner = f"rate({family}{{{OF}{', ' + labels if labels else ''}}}[$__rate_interval])"
    return f"sum by ({by}) ({inner})"


def quantile(q, family, labels="", by=""):
    return f"histogram_quantile({q}, {rate(family + '_bucket', labels, (by + ', ' if by else '') + 'le')})"


def quantiles(family, labels=""):
    return [(quantile(q, family, labels), name) for q, name in ((0.99, "99 %"), (0.9, "90 %"), (0.5, "50 %"))]


def gauge(family, labels="", by="", how="sum"):
    return f"{how} by ({by}) ({family}{{{OF}{', ' + labels if labels else ''}}})"


# A row's title, or (title, unit, [(expression, legend)], what it tells).
SCHEDULER = [
    "At a glance",
    ("Replicas", "short", [(f"sum(up{{{OF}}})", "up"), (gauge("leader_election_master_status"), "leading")],
     "Replicas that answer, and those that lead: one."),
    ("Attempts", "ops", [(rate("scheduler_schedule_attempts_total", by="result"), "{{result}}")],
     "Scheduling attempts by result."),
    ("Pods that wait", "short", [(gauge("scheduler_pending_pods", by="instance, queue"), "{{queue}} ({{instance}})")],
     "By queue. To a standby, every pod that waits is active."),
    ("Nodes, pods", "short", [(gauge("scheduler_cache_size", by="type", how="max"), "{{type}}")],
     "What the scheduler knows of the cluster."),
    "How long it takes",
    ("From the first attempt until bound", "s", quantiles("scheduler_pod_scheduling_sli_duration_seconds"),
     "The service level of scheduling, over all pods."),
    ("One attempt", "s", [(quantile(0.99, "scheduler_scheduling_attempt_duration_seconds", by="result"),
                           "99 % {{result}}")], "Decision and binding, by result."),
    ("The decision", "s", quantiles("scheduler_scheduling_algorithm_duration_seconds"), "Without the binding."),
    ("Extension points", "s", [(quantile(0.99, "scheduler_framework_extension_point_duration_seconds",
                                         by="extension_point"), "99 % {{extension_point}}")],
     "Where the time of an attempt goes."),
    ("Attempts a pod needs", "short", [(quantile(0.99, "scheduler_pod_scheduling_attempts"), "99 %")],
     "More than one: no room, or failures."),
    "Packing",
    ("Nodes used and empty", "short", [(gauge("stowage_packing_nodes", by="state"), "{{state}}")],
     "A node is used when it has a pod that is no DaemonSet's and not static."),
    ("How full used nodes are", "percentunit",
     [(gauge("stowage_packing_requested", 'state="used"', "resource") + " / (" +
       gauge("stowage_packing_allocatable", 'state="used"', "resource") + " > 0)", "{{resource}}")],
     "Requested of allocatable, on used nodes."),
    ("Cores stranded", "short", [(gauge("stowage_packing_stranded", 'resource="cpu"'), "cores")],
     "Free on nodes that lack something else for one more average pod."),
    ("Memory stranded", "bytes", [(gauge("stowage_packing_stranded", 'resource="memory"'), "memory")],
     "Free on nodes that lack something else for one more average pod."),
    "Why pods wait",
    ("Unschedulable by plugin", "short", [(gauge("scheduler_unschedulable_pods", by="plugin") + " > 0", "{{plugin}}")],
     "A pod counts for each plugin that rejected it."),
    ("What moves pods", "ops", [(rate("scheduler_queue_incoming_pods_total", by="event, queue") + " > 0",
                                 "{{event}} to {{queue}}")], "Pods that enter a queue, by event."),
    ("Preemption", "ops", [(rate("scheduler_preemption_attempts_total"), "searches"),
                           (rate("scheduler_preemption_victims_sum"), "victims"),
                           (rate("stowage_preemption_failures_total"), "failures")],
     "Searches for pods that may be taken away, and those that were."),
    "The API server",
    ("Writes", "ops", [(rate("scheduler_async_api_call_execution_total", by="call_type, result"),
                        "{{call_type}} {{result}}")], "Bindings, statuses, evictions, by result."),
    ("Writes that wait", "short", [(gauge("scheduler_pending_async_api_calls", by="call_type"), "{{call_type}}")],
     "Calls that have been decided and not sent."),
    ("Configuration", "short", [(gauge("stowage_config_last_reload_successful", how="min"), "file in use"),
                                (gauge("stowage_config_restart_needed", how="max"), "restart needed")],
     "Whether the file is the configuration in use (1) or is refused (0)."),
    ("Duration of a binding", "s", quantiles("scheduler_async_api_call_execution_duration_seconds",
                                             'call_type="pod_binding"'), "Until the API server has answered."),
]

OPERATOR = [
    "At a glance",
    ("Replicas", "short", [(f"sum(up{{{OF}}})", "up"), (gauge("leader_election_master_status"), "leading")],
     "Replicas that answer, and those that lead: one."),
    ("Passes", "ops", [(rate("controller_runtime_reconcile_total", by="controller, result"),
                        "{{controller}} {{result}}")], "Passes over groups by result."),
    ("Duration of a pass", "s", [(quantile(0.99, "controller_runtime_reconcile_time_seconds", by="controller"),
                                  "99 % {{controller}}")], "The slowest percent."),
    ("Busy workers", "short", [(gauge("controller_runtime_active_workers", by="controller"), "{{controller}}"),
                               (gauge("controller_runtime_max_concurrent_reconciles", by="controller", how="max"),
                                "{{controller}} at most")], "Beside how many there are."),
    "Groups",
    ("Headroom", "short", [(gauge("stowage_shard_headroom_min", by="namespace, group", how="min"),
                            "{{namespace}}/{{group}}")],
     "Available members above those that must stay, in the worst shard. Below zero: quorum is lost."),
    ("Replicas of groups", "short", [(gauge("stowage_group_replicas", by="namespace, group, state", how="max"),
                                      "{{namespace}}/{{group}} {{state}}")], "Desired, ready, available, updated."),
    ("Shards with quorum", "percentunit",
     [(gauge("stowage_group_quorate_shards", by="namespace, group", how="max") + " / " +
       gauge("stowage_group_shards", by="namespace, group", how="max"), "{{namespace}}/{{group}}")],
     "Of those that the group wants."),
    ("Conditions", "short", [(gauge("stowage_group_condition", by="type", how="count") + " - " +
                              gauge("stowage_group_condition", by="type"), "not {{type}}"),
                             (gauge("stowage_group_condition", by="type"), "{{type}}")],
     "Groups by condition, on all replicas that are chosen."),
    "The work queue",
    ("Depth", "short", [(gauge("workqueue_depth", by="name"), "{{name}}")], "Groups that wait for a pass."),
    ("Wait for a worker", "s", [(quantile(0.99, "workqueue_queue_duration_seconds", by="name"), "99 % {{name}}")],
     "From the change until the pass begins."),
    ("Retries", "ops", [(rate("workqueue_retries_total", by="name"), "{{name}}")], "Groups that come again after a failure."),
    ("Longest pass under way", "s", [(gauge("workqueue_longest_running_processor_seconds", by="name", how="max"),
                                      "{{name}}")], "A pass that hangs shows here."),
    "Roles",
    ("Role probes that fail", "ops", [(rate("stowage_role_probe_failures_total"), "failures")],
     "Probes without a usable answer."),
]

COMMON = [
    "The client, the process",
    ("Requests", "reqps", [(rate("rest_client_requests_total", by="code"), "{{code}}")], "By status code."),
    ("Request latency", "s", [(quantile(0.99, "rest_client_request_duration_seconds", by="verb"), "99 % {{verb}}")],
     "By method; watches until their first byte."),
    ("Age of watches", "s", [(f"max by (resource) (time() - stowage_watch_last_contact_timestamp_seconds{{{OF}}})",
                              "{{resource}}")], "Since the last event or bookmark. A bookmark comes every minute."),
    ("Memory", "bytes", [(gauge("process_resident_memory_bytes", by="instance"), "{{instance}}")], "Resident."),
    ("CPU", "short", [(rate("process_cpu_seconds_total", by="instance"), "{{instance}}")], "Cores."),
    ("Threads, files", "short", [(gauge("process_threads", by="instance"), "threads {{instance}}"),
                                 (gauge("process_open_fds", by="instance"), "files {{instance}}")],
     "A C++ program: threads, no goroutines."),
]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def variables(job):
    def query(name, label, expression, **more):
        return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": expression,
                "refresh": 2, "sort": 1, "includeAll": False, "multi": False, **more}

    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1},
        {"name": "job", "label": "Job", "type": "query", "datasource": SOURCE, "refresh": 2, "sort": 1,
         "query": f'label_values(stowage_build_info{{program="{job}"}}, job)', "includeAll": False, "multi": False,
         "current": {"text": job, "value": job}},
        query("cluster", "Cluster", 'label_values(up{job="$job"}, cluster)'),
        query("instance", "Instance", 'label_values(up{cluster="$cluster", job="$job"}, instance)',
              includeAll=True, multi=True, allValue=".+", current={"text": "All", "value": "$__all"}),
    ]


def panels(rows):
    out, x, y = [], 0, 0
    width, height = 8, 7
    for row in rows:
        if isinstance(row, str):
            y += height if x else 0
            x = 0
            out.append({"id": len(out) + 1, "type": "row", "title": row, "collapsed": False, "panels": [],
                        "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}})
            y += 1
            continue
        title, unit, targets, tells = row
        out.append({
            "id": len(out) + 1, "type": "timeseries", "title": title, "description": tells, "datasource": SOURCE,
            "gridPos": {"h": height, "w": width, "x": x, "y": y},
            "fieldConfig": {"defaults": {"unit": unit, "min": None if title == "Headroom" else 0}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                        "tooltip": {"mode": "multi", "sort": "desc"}},
            "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                        for i, (expr, legend) in enumerate(targets)],
        })
        x += width
        if x >= 24:
            x, y = 0, y + height
    return out


def dashboard(title, uid, job, rows):
    return {"uid": uid, "title": title, "tags": ["stowage"], "schemaVersion": 37, "version": 1, "editable": True,
            "timezone": "browser", "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": variables(job)}, "annotations": {"list": []}, "links": [],
            "panels": panels(rows)}


def main():
    wanted = {
        "stowage-scheduler.json": dashboard("Stowage / Scheduler", "stowage-scheduler", "stowage-scheduler",
                                            SCHEDULER + COMMON),
        "stowage-operator.json": dashboard("Stowage / Operator", "stowage-operator", "stowage-operator",
                                           OPERATOR + COMMON),
    }
    stale = []
    for name, content in wanted.items():
        text = json.dumps(content, indent=1) + "\n"
        path = FOLDER / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.write_text(text)
    if stale and "--check" in sys.argv:
        sys.exit(f"dashboards are not current: {', '.join(stale)} (make docs writes them)")


if __name__ == "__main__":
    main()
