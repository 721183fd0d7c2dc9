#include <algorithm>
#include <utility>

#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

void readBudgetSpec(JsonReading& reading, JsonElement element, PodDisruptionBudget& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "selector") {
      readLabelSelector(reading, value, out.selector);
    } else if (key == "minAvailable") {
      if (!value.is_string()) readValue(reading, value, out.min_available);
    } else if (key == "unhealthyPodEvictionPolicy") {
      readValue(reading, value, out.unhealthy_pod_eviction_policy);
    }
  });
}

void readBudgetStatus(JsonReading& reading, JsonElement element, PodDisruptionBudget& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "disruptionsAllowed") {
      readValue(reading, value, out.disruptions_allowed);
    } else if (key == "currentHealthy") {
      readValue(reading, value, out.current_healthy);
    } else if (key == "desiredHealthy") {
      readValue(reading, value, out.desired_healthy);
    } else if (key == "expectedPods") {
      readValue(reading, value, out.expected_pods);
    } else if (key == "observedGeneration") {
      readValue(reading, value, out.observed_generation);
    } else if (key == "disruptedPods") {
      out.disrupted_pods.clear();
      readObject(reading, value, [&](std::string_view pod, JsonElement since) {
        DisruptedPod disrupted{Symbol(pod.substr(0, JsonReading::kMaxString)), std::nullopt};
        readValue(reading, since, disrupted.since);
        out.disrupted_pods.push_back(std::move(disrupted));
      });
      std::sort(out.disrupted_pods.begin(), out.disrupted_pods.end(),
                [](const DisruptedPod& a, const DisruptedPod& b) { return a.pod < b.pod; });
    }
  });
}

// The member of schedulingPolicy that is set says which policy it is.
void readGroupPolicy(JsonReading& reading, JsonElement element, PodGroup& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (value.is_null()) return;
    if (key == "basic") {
      out.policy = PodGroup::Policy::kBasic;
    } else if (key == "gang") {
      out.policy = PodGroup::Policy::kGang;
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "minCount") readValue(reading, field, out.min_count);
      });
    }
  });
}

void readGroupTemplate(JsonReading& reading, JsonElement element, PodGroup& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key != "workload") return;
    readObject(reading, value, [&](std::string_view name, JsonElement field) {
      if (name == "workloadName") {
        readValue(reading, field, out.workload);
      } else if (name == "podGroupTemplateName") {
        readValue(reading, field, out.workload_template);
      }
    });
  });
}

void readTopologyKeys(JsonReading& reading, JsonElement element, std::vector<Symbol>& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key != "topology") return;
    readList(reading, value, out, [&](JsonElement item, Symbol& topology_key) {
      readObject(reading, item, [&](std::string_view name, JsonElement field) {
        if (name == "key") readValue(reading, field, topology_key);
      });
    });
  });
}

void readGroupSpec(JsonReading& reading, JsonElement element, PodGroup& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "podGroupTemplateRef") {
      readGroupTemplate(reading, value, out);
    } else if (key == "schedulingPolicy") {
      readGroupPolicy(reading, value, out);
    } else if (key == "schedulingConstraints") {
      readTopologyKeys(reading, value, out.topology_keys);
    } else if (key == "disruptionMode") {
      if (const auto mode = readText(reading, value))
        out.disrupted_as_a_whole = *mode == "PodGroup";
    } else if (key == "priorityClassName") {
      readValue(reading, value, out.priority_class);
    } else if (key == "priority") {
      readValue(reading, value, out.priority);
    } else if (key == "resourceClaims") {
      readArray(reading, value, [&](JsonElement) { out.has_resource_claims = true; });
    }
  });
}

}  // namespace

const DisruptedPod* findDisrupted(const PodDisruptionBudget& budget, const Symbol& pod) {
  const auto& pods = budget.disrupted_pods;
  const auto at =
      std::lower_bound(pods.begin(), pods.end(), pod,
                       [](const DisruptedPod& a, const Symbol& b) { return a.pod < b; });
  return at != pods.end() && at->pod == pod ? &*at : nullptr;
}

void decodeInto(JsonReading& reading, JsonElement element, PodDisruptionBudget& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readBudgetSpec(reading, value, out);
    } else if (key == "status") {
      readBudgetStatus(reading, value, out);
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, PodGroup& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readGroupSpec(reading, value, out);
    } else if (key == "status") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "conditions") readConditions(reading, field, out.conditions);
      });
    }
  });
}

}  // namespace stowage::kubeapi
