#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

void readTopologyTerm(JsonReading& reading, JsonElement element, TopologyTerm& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key != "matchLabelExpressions") return;
    readList(reading, value, out.requirements, [&](JsonElement item, SelectorRequirement& one) {
      one.op = SelectorOperator::kIn;
      readObject(reading, item, [&](std::string_view name, JsonElement field) {
        if (name == "key") {
          readValue(reading, field, one.key);
        } else if (name == "values") {
          readValue(reading, field, one.values);
        }
      });
    });
  });
}

void readNodeDriver(JsonReading& reading, JsonElement element, CsiNodeDriver& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "topologyKeys") {
      readValue(reading, value, out.topology_keys);
    } else if (key == "allocatable") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "count") readValue(reading, field, out.volume_limit);
      });
    }
  });
}

}  // namespace

void decodeInto(JsonReading& reading, JsonElement element, StorageClass& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "provisioner") {
      readValue(reading, value, out.provisioner);
    } else if (key == "volumeBindingMode") {
      if (const auto mode = readText(reading, value)) {
        out.wait_for_first_consumer = *mode == "WaitForFirstConsumer";
      }
    } else if (key == "allowedTopologies") {
      readList(reading, value, out.allowed_topologies, [&](JsonElement item, TopologyTerm& term) {
        readTopologyTerm(reading, item, term);
      });
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, CsiNode& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name != "drivers") return;
        readList(reading, field, out.drivers, [&](JsonElement item, CsiNodeDriver& driver) {
          readNodeDriver(reading, item, driver);
        });
      });
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, CsiDriver& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "attachRequired") {
          readValue(reading, field, out.attach_required);
        } else if (name == "storageCapacity") {
          readValue(reading, field, out.storage_capacity);
        }
      });
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, CsiStorageCapacity& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "nodeTopology") {
      readLabelSelector(reading, value, out.node_topology);
    } else if (key == "storageClassName") {
      readValue(reading, value, out.storage_class);
    } else if (key == "capacity") {
      if (!value.is_null()) readValue(reading, value, out.capacity.emplace());
    } else if (key == "maximumVolumeSize") {
      if (!value.is_null()) readValue(reading, value, out.maximum_volume_size.emplace());
    }
  });
}

}  // namespace stowage::kubeapi
