#include <algorithm>
#include <cctype>

#include "kubeapi/extender.h"
#include "kubeapi/json_reading.h"

namespace stowage::kubeapi {
namespace {

constexpr std::size_t kDeepest = 64;

bool named(std::string_view key, std::string_view name) {
  return std::equal(key.begin(), key.end(), name.begin(), name.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

// Parses `json` and hands its root to `read`; what that finds wrong is the error.
template <typename Read>
base::Status parsed(std::string_view json, const Read& read) {
  simdjson::dom::parser parser;
  if (parser.allocate(json.size(), kDeepest) != simdjson::SUCCESS) {
    return {base::Code::kResourceExhausted, "the answer is too large"};
  }
  JsonElement root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    return {base::Code::kInvalidArgument,
            std::string("the answer is no JSON: ") + simdjson::error_message(error)};
  }
  JsonReading reading;
  read(reading, root);
  return reading.ok() ? base::Status() : reading.status();
}

void readReasons(JsonReading& reading, JsonElement element,
                 std::map<std::string, std::string>& out) {
  readObject(reading, element, [&](std::string_view node, JsonElement value) {
    readValue(reading, value, out[std::string(node)]);
  });
}

void readNodeNames(JsonReading& reading, JsonElement element,
                   std::optional<std::vector<std::string>>& out) {
  if (element.is_null()) return;
  readList(reading, element, out.emplace(),
           [&](JsonElement item, std::string& name) { readValue(reading, item, name); });
}

void readNode(JsonReading& reading, JsonElement element, std::string& name) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (!named(key, "metadata")) return;
    readObject(reading, value, [&](std::string_view field, JsonElement text) {
      if (named(field, "name")) readValue(reading, text, name);
    });
  });
}

void readNodeList(JsonReading& reading, JsonElement element,
                  std::optional<std::vector<std::string>>& out) {
  if (element.is_null()) return;
  out.emplace();
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (!named(key, "items")) return;
    readList(reading, value, *out,
             [&](JsonElement item, std::string& name) { readNode(reading, item, name); });
  });
}

void readVictims(JsonReading& reading, JsonElement element, ExtenderMetaVictims& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (named(key, "numPDBViolations")) {
      readValue(reading, value, out.violations);
    } else if (named(key, "pods")) {
      readList(reading, value, out.pods, [&](JsonElement item, std::string& uid) {
        readObject(reading, item, [&](std::string_view field, JsonElement text) {
          if (named(field, "uid")) readValue(reading, text, uid);
        });
      });
    }
  });
}

}  // namespace

base::Result<ExtenderFilterResult> parseExtenderFilterResult(std::string_view json) {
  ExtenderFilterResult result;
  base::Status status = parsed(json, [&](JsonReading& reading, JsonElement root) {
    readObject(reading, root, [&](std::string_view key, JsonElement value) {
      if (named(key, "nodeNames")) {
        readNodeNames(reading, value, result.node_names);
      } else if (named(key, "nodes")) {
        readNodeList(reading, value, result.nodes);
      } else if (named(key, "failedNodes")) {
        readReasons(reading, value, result.failed);
      } else if (named(key, "failedAndUnresolvableNodes")) {
        readReasons(reading, value, result.failed_unresolvable);
      } else if (named(key, "error")) {
        readValue(reading, value, result.error);
      }
    });
  });
  if (!status.ok()) return base::fail(status);
  return result;
}

base::Result<std::vector<ExtenderHostScore>> parseExtenderScores(std::string_view json) {
  std::vector<ExtenderHostScore> scores;
  base::Status status = parsed(json, [&](JsonReading& reading, JsonElement root) {
    readList(reading, root, scores, [&](JsonElement item, ExtenderHostScore& score) {
      readObject(reading, item, [&](std::string_view key, JsonElement value) {
        if (named(key, "host")) readValue(reading, value, score.host);
        if (named(key, "score")) readValue(reading, value, score.score);
      });
    });
  });
  if (!status.ok()) return base::fail(status);
  return scores;
}

base::Result<std::vector<ExtenderMetaVictims>> parseExtenderVictims(std::string_view json) {
  std::vector<ExtenderMetaVictims> nodes;
  base::Status status = parsed(json, [&](JsonReading& reading, JsonElement root) {
    readObject(reading, root, [&](std::string_view key, JsonElement value) {
      if (!named(key, "nodeNameToMetaVictims")) return;
      nodes.clear();
      readObject(reading, value, [&](std::string_view node, JsonElement victims) {
        nodes.push_back({std::string(node), {}, 0});
        readVictims(reading, victims, nodes.back());
      });
    });
  });
  if (!status.ok()) return base::fail(status);
  return nodes;
}

base::Result<std::string> parseExtenderBindingResult(std::string_view json) {
  std::string error;
  base::Status status = parsed(json, [&](JsonReading& reading, JsonElement root) {
    readObject(reading, root, [&](std::string_view key, JsonElement value) {
      if (named(key, "error")) readValue(reading, value, error);
    });
  });
  if (!status.ok()) return base::fail(status);
  return error;
}

}  // namespace stowage::kubeapi
