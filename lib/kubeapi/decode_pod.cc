#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

// Pods carry half a dozen conditions; these are the ones that somebody reads. At 150,000 pods the
// others would be a large part of the memory.
bool isKeptCondition(std::string_view type) {
  return type == "PodScheduled" || type == "Ready" || type == "DisruptionTarget" ||
         type == "PodResizePending";
}

void readPodConditions(JsonReading& reading, JsonElement element, std::vector<Condition>& out) {
  out.clear();
  readArray(reading, element, [&](JsonElement item) {
    Condition condition;
    readCondition(reading, item, condition);
    if (isKeptCondition(condition.type.view())) out.push_back(std::move(condition));
  });
}

// status.resources or spec.resources: calls `requests(value)` for the part that we keep.
template <typename Requests>
void readRequestsOf(JsonReading& reading, JsonElement element, Requests requests) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "requests") requests(value);
  });
}

// Statuses without resources say nothing about requests and are dropped.
void readContainerStatuses(JsonReading& reading, JsonElement element,
                           std::vector<ContainerStatus>& out) {
  out.clear();
  readArray(reading, element, [&](JsonElement item) {
    ContainerStatus status;
    readObject(reading, item, [&](std::string_view key, JsonElement value) {
      if (key == "name") {
        readValue(reading, value, status.name);
      } else if (key == "resources") {
        status.has_resources = !value.is_null();
        readRequestsOf(reading, value, [&](JsonElement requests) {
          readResources(reading, requests, status.resource_requests);
        });
      } else if (key == "allocatedResources") {
        readResources(reading, value, status.allocated_resources);
      }
    });
    if (status.has_resources) out.push_back(std::move(status));
  });
}

}  // namespace

void readPodStatus(JsonReading& reading, JsonElement element, PodStatus& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "phase") {
      readValue(reading, value, out.phase);
    } else if (key == "nominatedNodeName") {
      readValue(reading, value, out.nominated_node);
    } else if (key == "startTime") {
      readValue(reading, value, out.start_time);
    } else if (key == "conditions") {
      readPodConditions(reading, value, out.conditions);
    } else if (key == "containerStatuses") {
      readContainerStatuses(reading, value, out.container_statuses);
    } else if (key == "initContainerStatuses") {
      readContainerStatuses(reading, value, out.init_container_statuses);
    } else if (key == "resources") {
      if (value.is_null()) return;
      ResourceList& requests = out.pod_requests.emplace();
      readRequestsOf(reading, value,
                     [&](JsonElement list) { readResources(reading, list, requests); });
    } else if (key == "allocatedResources") {
      if (!value.is_null()) readResources(reading, value, out.pod_allocated_resources.emplace());
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, Pod& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readPodSpec(reading, value, out.spec);
    } else if (key == "status") {
      readPodStatus(reading, value, out.status);
    }
  });
}

}  // namespace stowage::kubeapi
