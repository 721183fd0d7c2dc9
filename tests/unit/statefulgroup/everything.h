// A spec that uses everything that is rendered.
#pragma once

namespace stowage::statefulgroup {

inline const char* const kEverything = R"json({
  "shards": 2, "replicas": 3,
  "template": {
    "metadata": {
      "labels": {"app.kubernetes.io/name": "etcd", "tier": "cold", "stowage.dev/slot": "9",
                 "stowage.dev/role": "leader", "controller-revision-hash": "mine"},
      "annotations": {"note": "n", "stowage.dev/operation": "x"}},
    "spec": {
      "hostname": "h", "subdomain": "s", "restartPolicy": "Never", "priorityClassName": "low",
      "nodeSelector": {"disk": "ssd"},
      "tolerations": [{"key": "a", "operator": "Exists"}],
      "affinity": {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
          {"weight": 1, "preference": {"matchExpressions": [{"key": "k", "operator": "Exists"}]}}]},
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
          {"topologyKey": "rack", "labelSelector": {"matchLabels": {"app": "noisy"}}}]}},
      "topologySpreadConstraints": [{"topologyKey": "rack", "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway"}],
      "initContainers": [{"name": "init", "image": "i:1"}],
      "containers": [
        {"name": "main", "image": "x:1", "ports": [{"containerPort": 2379, "name": "client"}],
         "env": [{"name": "ID", "value": "$(STOWAGE_ORDINAL)"},
                 {"name": "STOWAGE_SHARD", "value": "mine"}],
         "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"name": "agent", "image": "a:1"}],
      "volumes": [{"name": "data", "emptyDir": {}}, {"name": "conf", "configMap": {"name": "c"}}]}},
  "shardOverrides": [
    {"shards": "0", "labels": {"tier": "none"}},
    {"shards": "1-3", "labels": {"tier": "warm", "stowage.dev/slot": "8"},
     "annotations": {"o": "1"},
     "nodeSelector": {"disk": "nvme", "zone": "a"}, "priorityClassName": "high",
     "tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}]},
    {"shards": "7,1", "labels": {"tier": "hot"}}],
  "volumeClaimTemplates": [
    {"name": "wal", "spec": {"accessModes": ["ReadWriteOnce"],
      "resources": {"requests": {"storage": "1Gi"}}}},
    {"name": "data", "metadata": {"labels": {"l": "1", "stowage.dev/shard": "9"},
      "annotations": {"a": "1", "stowage.dev/quarantined": "x"}},
     "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}}],
  "services": {
    "perReplica": {"policy": "Create", "type": "NodePort"},
    "client": {"policy": "Create", "roles": ["leader", "follower"]},
    "ports": [{"name": "client", "port": 2379, "targetPort": "client"},
              {"name": "peer", "port": 2380, "appProtocol": "http"}]},
  "topology": {
    "failureDomains": [
      {"topologyKey": "kubernetes.io/hostname", "maxPerDomain": 1, "quorumSafe": "Off"},
      {"topologyKey": "zone", "quorumSafe": "Required"},
      {"topologyKey": "rack", "maxPerDomain": 2, "whenUnsatisfiable": "DoNotSchedule"}],
    "exclusive": {"topologyKey": "cell", "scope": "Shard"}, "leaderSpread": "Preferred"}})json";

}  // namespace stowage::statefulgroup
