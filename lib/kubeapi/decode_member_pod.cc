#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

void readRequirements(JsonReading& reading, JsonElement element, MemberContainer& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "requests") {
      readResources(reading, value, out.requests);
    } else if (key == "limits") {
      readResources(reading, value, out.limits);
    }
  });
}

void readMemberContainer(JsonReading& reading, JsonElement element, MemberContainer& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "image") {
      readValue(reading, value, out.image);
    } else if (key == "resources") {
      readRequirements(reading, value, out);
    }
  });
}

// Only volumes that are claims are kept.
void readMemberVolumes(JsonReading& reading, JsonElement element, std::vector<MemberVolume>& out) {
  out.clear();
  readArray(reading, element, [&](JsonElement item) {
    MemberVolume volume;
    bool claims = false;
    readObject(reading, item, [&](std::string_view key, JsonElement value) {
      if (key == "name") {
        readValue(reading, value, volume.name);
      } else if (key == "persistentVolumeClaim" && !value.is_null()) {
        claims = true;
        readObject(reading, value, [&](std::string_view name, JsonElement field) {
          if (name == "claimName") readValue(reading, field, volume.claim);
        });
      }
    });
    if (claims) out.push_back(std::move(volume));
  });
}

void readMemberSpec(JsonReading& reading, JsonElement element, MemberPod& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "nodeName") {
      readValue(reading, value, out.node_name);
    } else if (key == "containers") {
      readList(reading, value, out.containers, [&](JsonElement item, MemberContainer& container) {
        readMemberContainer(reading, item, container);
      });
    } else if (key == "volumes") {
      readMemberVolumes(reading, value, out.claims);
    }
  });
}

void readContainerState(JsonReading& reading, JsonElement element, MemberContainerStatus& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "running") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "startedAt") readValue(reading, field, out.running_since);
      });
    } else if (key == "waiting") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "reason") {
          readValue(reading, field, out.waiting_reason);
        } else if (name == "message") {
          readValue(reading, field, out.waiting_message);
        }
      });
    }
  });
}

void readMemberContainerStatus(JsonReading& reading, JsonElement element,
                               MemberContainerStatus& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "ready") {
      readValue(reading, value, out.ready);
    } else if (key == "restartCount") {
      readValue(reading, value, out.restarts);
    } else if (key == "image") {
      readValue(reading, value, out.image);
    } else if (key == "imageID") {
      readValue(reading, value, out.image_id);
    } else if (key == "containerID") {
      readValue(reading, value, out.id);
    } else if (key == "state") {
      readContainerState(reading, value, out);
    } else if (key == "resources" && !value.is_null()) {
      readRequirements(reading, value, out.has.emplace());
    }
  });
}

void readContainerStatuses(JsonReading& reading, JsonElement element,
                           std::vector<MemberContainerStatus>& out) {
  readList(reading, element, out, [&](JsonElement item, MemberContainerStatus& status) {
    readMemberContainerStatus(reading, item, status);
  });
}

void readMemberStatus(JsonReading& reading, JsonElement element, MemberPod& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "phase") {
      readValue(reading, value, out.phase);
    } else if (key == "reason") {
      readValue(reading, value, out.reason);
    } else if (key == "podIP") {
      readValue(reading, value, out.ip);
    } else if (key == "startTime") {
      readValue(reading, value, out.start_time);
    } else if (key == "conditions") {
      readConditions(reading, value, out.conditions);
    } else if (key == "containerStatuses") {
      readContainerStatuses(reading, value, out.container_statuses);
    } else if (key == "initContainerStatuses") {
      readContainerStatuses(reading, value, out.init_container_statuses);
    } else if (key == "observedGeneration") {
      readValue(reading, value, out.observed_generation);
    }
  });
}

}  // namespace

void decodeInto(JsonReading& reading, JsonElement element, MemberPod& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readMemberSpec(reading, value, out);
    } else if (key == "status") {
      readMemberStatus(reading, value, out);
    }
  });
}

}  // namespace stowage::kubeapi
