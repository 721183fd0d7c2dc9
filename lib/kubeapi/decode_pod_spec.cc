#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

bool isNonEmptyArray(JsonReading& reading, JsonElement element) {
  bool any = false;
  readArray(reading, element, [&](JsonElement) { any = true; });
  return any;
}

void readPort(JsonReading& reading, JsonElement element, ContainerPort& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "containerPort") {
      readValue(reading, value, out.container_port);
    } else if (key == "hostPort") {
      readValue(reading, value, out.host_port);
    } else if (key == "hostIP") {
      readValue(reading, value, out.host_ip);
    } else if (key == "protocol") {
      readValue(reading, value, out.protocol);
    }
  });
}

void readContainerResources(JsonReading& reading, JsonElement element, Container& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "requests") {
      readResources(reading, value, out.requests);
    } else if (key == "limits") {
      readResources(reading, value, out.limits);
    } else if (key == "claims") {
      out.has_resource_claims = isNonEmptyArray(reading, value);
    }
  });
}

bool restartsAll(JsonReading& reading, JsonElement rules) {
  bool found = false;
  readArray(reading, rules, [&](JsonElement rule) {
    readObject(reading, rule, [&](std::string_view key, JsonElement value) {
      if (key != "action") return;
      if (const auto text = readText(reading, value)) found |= *text == "RestartAllContainers";
    });
  });
  return found;
}

void readContainer(JsonReading& reading, JsonElement element, Container& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "image") {
      readValue(reading, value, out.image);
    } else if (key == "resources") {
      readContainerResources(reading, value, out);
    } else if (key == "ports") {
      readList(reading, value, out.ports,
               [&](JsonElement item, ContainerPort& port) { readPort(reading, item, port); });
    } else if (key == "restartPolicy") {
      if (const auto text = readText(reading, value)) out.restart_always = *text == "Always";
    } else if (key == "restartPolicyRules") {
      out.restarts_all = restartsAll(reading, value);
    }
  });
}

void readContainers(JsonReading& reading, JsonElement element, std::vector<Container>& out) {
  readList(reading, element, out, [&](JsonElement item, Container& container) {
    readContainer(reading, item, container);
  });
}

void readGates(JsonReading& reading, JsonElement element, std::vector<Symbol>& out) {
  readList(reading, element, out, [&](JsonElement item, Symbol& gate) {
    readObject(reading, item, [&](std::string_view key, JsonElement value) {
      if (key == "name") readValue(reading, value, gate);
    });
  });
}

void readPodLevelResources(JsonReading& reading, JsonElement element, PodSpec& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key != "requests" || value.is_null()) return;
    readResources(reading, value, out.pod_requests.emplace());
  });
}

// The fields that lists and maps make up; true when `key` was one of them.
bool readPlacementField(JsonReading& reading, std::string_view key, JsonElement value,
                        PodSpec& out) {
  if (key == "nodeSelector") {
    readStringMap(reading, value, out.node_selector);
  } else if (key == "affinity") {
    readAffinity(reading, value, out.affinity);
  } else if (key == "tolerations") {
    readList(reading, value, out.tolerations,
             [&](JsonElement item, Toleration& one) { readToleration(reading, item, one); });
  } else if (key == "topologySpreadConstraints") {
    readList(reading, value, out.spread, [&](JsonElement item, TopologySpreadConstraint& one) {
      readTopologySpread(reading, item, one);
    });
  } else if (key == "schedulingGates") {
    readGates(reading, value, out.scheduling_gates);
  } else if (key == "schedulingGroup") {
    readObject(reading, value, [&](std::string_view name, JsonElement field) {
      if (name == "podGroupName") readValue(reading, field, out.scheduling_group);
    });
  } else {
    return false;
  }
  return true;
}

// What the pod needs from a node; true when `key` was one of them.
bool readNeedsField(JsonReading& reading, std::string_view key, JsonElement value, PodSpec& out) {
  if (key == "containers") {
    readContainers(reading, value, out.containers);
  } else if (key == "initContainers") {
    readContainers(reading, value, out.init_containers);
  } else if (key == "volumes") {
    readVolumes(reading, value, out.volumes);
  } else if (key == "overhead") {
    readResources(reading, value, out.overhead);
  } else if (key == "resources") {
    readPodLevelResources(reading, value, out);
  } else if (key == "resourceClaims") {
    out.has_resource_claims = isNonEmptyArray(reading, value);
  } else {
    return false;
  }
  return true;
}

}  // namespace

void readPodSpec(JsonReading& reading, JsonElement element, PodSpec& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "nodeName") {
      readValue(reading, value, out.node_name);
    } else if (key == "schedulerName") {
      readValue(reading, value, out.scheduler_name);
    } else if (key == "priority") {
      readValue(reading, value, out.priority);
    } else if (key == "preemptionPolicy") {
      if (const auto text = readText(reading, value)) out.preempt_never = *text == "Never";
    } else if (key == "hostNetwork") {
      readValue(reading, value, out.host_network);
    } else if (key == "hostUsers") {
      bool shared = true;
      readValue(reading, value, shared);
      out.own_users = !shared;
    } else if (!readPlacementField(reading, key, value, out)) {
      readNeedsField(reading, key, value, out);
    }
  });
}

}  // namespace stowage::kubeapi
