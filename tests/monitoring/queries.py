"""Queries that others put to a scheduler's metrics, with the job left open: facts of those projects.

kubernetes-mixin: dashboards/scheduler.libsonnet and rules/kube_scheduler.libsonnet.
"""

OF = 'cluster="$cluster", job="$job"'
MINE = OF + ', instance=~"$instance"'
TIMES = ("scheduler_scheduling_attempt_duration_seconds", "scheduler_scheduling_algorithm_duration_seconds",
         "scheduler_pod_scheduling_sli_duration_seconds")


def mixin_dashboard():
    yield f"sum(up{{{OF}}})"
    for family in TIMES:
        yield f"sum(rate({family}_count{{{MINE}}}[$__rate_interval])) by (cluster, instance)"
        yield (f"histogram_quantile(0.99, sum(rate({family}_bucket{{{MINE}}}[$__rate_interval])) "
               "by (cluster, instance, le))")
    for code in ("2..", "4.."):
        yield f'sum(rate(rest_client_requests_total{{{MINE}, code=~"{code}"}}[$__rate_interval]))'
    for verb in ("POST", "GET"):
        yield (f'histogram_quantile(0.99, sum(rate(rest_client_request_duration_seconds_bucket{{{MINE}, '
               f'verb="{verb}"}}[$__rate_interval])) by (verb, le))')
    yield f"process_resident_memory_bytes{{{MINE}}}"
    yield f"rate(process_cpu_seconds_total{{{MINE}}}[$__rate_interval])"


def mixin_rules():
    for quantile in (0.99, 0.9, 0.5):
        for family in TIMES:
            yield f'histogram_quantile({quantile}, sum(rate({family}_bucket{{job="$job"}}[5m])) without(instance, pod))'


# Asked for by the mixin and never answered here. A series that begins one day ends the test, too.
DEAD = {
    f"sum(rate(scheduler_volume_scheduling_duration_seconds_count{{{MINE}}}[$__rate_interval]))":
        "kube-scheduler itself does not have this family any more",
    f"go_goroutines{{{MINE}}}": "a C++ program has none",
    f'sum(rate(rest_client_requests_total{{{MINE}, code=~"3.."}}[$__rate_interval]))':
        "the API server sends nobody elsewhere",
}

# Other dashboards that are in use: Koordinator, cloud providers.
OTHERS = [
    f"sum(rate(scheduler_schedule_attempts_total{{{MINE}}}[$__rate_interval])) by (result, profile)",
    f"sum(scheduler_pending_pods{{{MINE}}}) by (queue)",
    f"sum(rate(scheduler_queue_incoming_pods_total{{{MINE}}}[$__rate_interval])) by (queue, event)",
    f"sum(rate(scheduler_preemption_attempts_total{{{MINE}}}[$__rate_interval]))",
    f"sum(rate(scheduler_preemption_victims_sum{{{MINE}}}[$__rate_interval]))",
    f"histogram_quantile(0.99, sum(rate(scheduler_pod_scheduling_attempts_bucket{{{MINE}}}[$__rate_interval])) by (le))",
    f"histogram_quantile(0.95, sum(rate(scheduler_framework_extension_point_duration_seconds_bucket{{{MINE}}}"
    "[$__rate_interval])) by (extension_point, le))",
    f"histogram_quantile(0.95, sum(rate(scheduler_plugin_execution_duration_seconds_bucket{{{MINE}}}"
    "[$__rate_interval])) by (plugin, extension_point, le))",
    f"sum(scheduler_unschedulable_pods{{{MINE}}}) by (plugin)",
    f"sum(rate(scheduler_volume_scheduling_stage_error_total{{{MINE}}}[$__rate_interval])) by (operation)",
    f"sum(scheduler_cache_size{{{MINE}}}) by (type)",
]
