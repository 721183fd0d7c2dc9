#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

void readPodTerm(JsonReading& reading, JsonElement element, PodAffinityTerm& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "labelSelector") {
      readLabelSelector(reading, value, out.label_selector);
    } else if (key == "namespaces") {
      readValue(reading, value, out.namespaces);
    } else if (key == "namespaceSelector") {
      readLabelSelector(reading, value, out.namespace_selector);
    } else if (key == "topologyKey") {
      readValue(reading, value, out.topology_key);
    } else if (key == "matchLabelKeys") {
      readValue(reading, value, out.match_label_keys);
    } else if (key == "mismatchLabelKeys") {
      readValue(reading, value, out.mismatch_label_keys);
    }
  });
}

void readWeightedPodTerm(JsonReading& reading, JsonElement element, WeightedPodAffinityTerm& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "weight") {
      readValue(reading, value, out.weight);
    } else if (key == "podAffinityTerm") {
      readPodTerm(reading, value, out.term);
    }
  });
}

void readPodRules(JsonReading& reading, JsonElement element, PodAffinityRules& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == kRequired) {
      readList(reading, value, out.required,
               [&](JsonElement item, PodAffinityTerm& term) { readPodTerm(reading, item, term); });
    } else if (key == kPreferred) {
      readList(reading, value, out.preferred, [&](JsonElement item, WeightedPodAffinityTerm& term) {
        readWeightedPodTerm(reading, item, term);
      });
    }
  });
}

void readPreferredNodeTerm(JsonReading& reading, JsonElement element, PreferredNodeTerm& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "weight") {
      readValue(reading, value, out.weight);
    } else if (key == "preference") {
      readNodeSelectorTerm(reading, value, out.term);
    }
  });
}

void readNodeAffinity(JsonReading& reading, JsonElement element, Affinity& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == kRequired) {
      if (!value.is_null()) readNodeSelector(reading, value, out.node_required.emplace());
    } else if (key == kPreferred) {
      readList(reading, value, out.node_preferred, [&](JsonElement item, PreferredNodeTerm& term) {
        readPreferredNodeTerm(reading, item, term);
      });
    }
  });
}

}  // namespace

void readAffinity(JsonReading& reading, JsonElement element, Affinity& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "nodeAffinity") {
      readNodeAffinity(reading, value, out);
    } else if (key == "podAffinity") {
      readPodRules(reading, value, out.pod_affinity);
    } else if (key == "podAntiAffinity") {
      readPodRules(reading, value, out.pod_anti_affinity);
    }
  });
}

void readTopologySpread(JsonReading& reading, JsonElement element, TopologySpreadConstraint& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "maxSkew") {
      readValue(reading, value, out.max_skew);
    } else if (key == "topologyKey") {
      readValue(reading, value, out.topology_key);
    } else if (key == "whenUnsatisfiable") {
      // Anything but the soft form counts as hard: never place a pod by ignoring its constraint.
      if (const auto text = readText(reading, value)) {
        out.do_not_schedule = *text != "ScheduleAnyway";
      }
    } else if (key == "labelSelector") {
      readLabelSelector(reading, value, out.label_selector);
    } else if (key == "minDomains") {
      readValue(reading, value, out.min_domains);
    } else if (key == "nodeAffinityPolicy") {
      readValue(reading, value, out.node_affinity_policy);
    } else if (key == "nodeTaintsPolicy") {
      readValue(reading, value, out.node_taints_policy);
    } else if (key == "matchLabelKeys") {
      readValue(reading, value, out.match_label_keys);
    }
  });
}

}  // namespace stowage::kubeapi
