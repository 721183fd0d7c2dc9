// HTTP extenders as the configuration names them. Value types; reading is pure, no I/O: files are
// opened and base64 is decoded by whoever connects.
// Source: kube-scheduler apis/config/types.go (Extender) and validation.go (validateExtenders),
// v1.36.3.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/object_reader.h"
#include "config/yaml_writer.h"

namespace stowage::config {

struct ExtenderTls {
  bool insecure = false;
  std::string server_name;
  std::string cert_file, key_file, ca_file;
  std::string cert_data, key_data, ca_data;  // base64; go before the files
  friend bool operator==(const ExtenderTls&, const ExtenderTls&) = default;
};

struct ExtenderResource {
  std::string name;
  bool ignored_by_scheduler = false;
  friend bool operator==(const ExtenderResource&, const ExtenderResource&) = default;
};

struct ExtenderConfig {
  std::string url_prefix;
  // Appended to the prefix; "": the extender does not do that.
  std::string filter_verb, preempt_verb, prioritize_verb, bind_verb;
  std::int64_t weight = 0;  // of its scores
  bool enable_https = false;
  ExtenderTls tls;
  base::Duration http_timeout = std::chrono::seconds(5);
  bool node_cache_capable = false;
  std::vector<ExtenderResource> managed_resources;  // empty: all pods are its business
  bool ignorable = false;
  friend bool operator==(const ExtenderConfig&, const ExtenderConfig&) = default;
};

// The field `extenders` of `root`, checked by upstream's rules and for contradictions.
std::vector<ExtenderConfig> readExtenders(ObjectReader& root, Problems& problems);
// The field as YAML that reads back to the same, but for keyData, which is secret; nothing when
// there are none.
void writeExtenders(YamlWriter& out, const std::vector<ExtenderConfig>& extenders);

}  // namespace stowage::config
