#include "config/extender_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>

#include "kubeapi/label_syntax.h"
#include "kubeapi/resources.h"

namespace stowage::config {
namespace {

constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();

// Can stand in the address of a request as it is.
bool isPath(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
}

// "example.com/gpu": apimachinery's qualified name with a prefix that is not Kubernetes' own.
bool isExtendedResourceName(std::string_view name) {
  return name.find('/') != std::string_view::npos && kubeapi::isLabelKey(name) &&
         kubeapi::isExtendedResource(name);
}

ExtenderTls readTls(const YamlNode& node, const std::string& path, Problems& problems) {
  ExtenderTls tls;
  ObjectReader reader(node, path, problems);
  reader.boolean("insecure", tls.insecure);
  reader.text("serverName", tls.server_name);
  reader.text("certFile", tls.cert_file);
  reader.text("keyFile", tls.key_file);
  reader.text("caFile", tls.ca_file);
  reader.text("certData", tls.cert_data);
  reader.text("keyData", tls.key_data);
  reader.text("caData", tls.ca_data);
  reader.finish();
  const bool has_ca = !tls.ca_file.empty() || !tls.ca_data.empty();
  const bool has_cert = !tls.cert_file.empty() || !tls.cert_data.empty();
  const bool has_key = !tls.key_file.empty() || !tls.key_data.empty();
  if (tls.insecure && has_ca) {
    reader.problem("insecure", "is true although a CA is given", "remove one of them");
  }
  if (has_cert != has_key) {
    reader.problem(has_cert ? "certFile" : "keyFile", "comes without its counterpart",
                   "give a client certificate and its key, or neither");
  }
  return tls;
}

void readManaged(ObjectReader& reader, Problems& problems, std::set<std::string>& managed,
                 ExtenderConfig& extender) {
  reader.objects("managedResources", [&](const YamlNode& node, const std::string& path) {
    ObjectReader resource(node, path, problems);
    ExtenderResource& one = extender.managed_resources.emplace_back();
    resource.text("name", one.name);
    resource.boolean("ignoredByScheduler", one.ignored_by_scheduler);
    resource.finish();
    if (!isExtendedResourceName(one.name)) {
      resource.problem("name",
                       fmt::format("is {}, which is no extended resource", quoted(one.name)),
                       "name one like example.com/gpu");
    } else if (!managed.insert(one.name).second) {
      resource.problem("name", fmt::format("{} is managed by an extender already", one.name),
                       "list a resource once, at one extender");
    }
  });
}

void check(ObjectReader& reader, const ExtenderConfig& extender) {
  const std::string_view url = extender.url_prefix;
  const bool http = url.starts_with("http://") && url.size() > 7;
  const bool https = url.starts_with("https://") && url.size() > 8;
  if (!http && !https) {
    reader.problem("urlPrefix", fmt::format("is {}", quoted(url)),
                   "give the extender's address, e.g. http://gpu-extender.kube-system.svc:8888/v1");
  }
  const auto verb = [&](std::string_view field, const std::string& text) {
    if (isPath(text)) return;
    reader.problem(field, fmt::format("is {}", quoted(text)),
                   "give what follows the urlPrefix in the address, without blanks");
  };
  verb("filterVerb", extender.filter_verb);
  verb("preemptVerb", extender.preempt_verb);
  verb("prioritizeVerb", extender.prioritize_verb);
  verb("bindVerb", extender.bind_verb);
  if (!extender.prioritize_verb.empty() && extender.weight <= 0) {
    reader.problem("weight", fmt::format("is {}", extender.weight),
                   "an extender with a prioritizeVerb needs a positive weight");
  }
  if (extender.http_timeout < base::Duration::zero()) {
    reader.problem("httpTimeout", "is negative", "give a duration such as 5s");
  }
}

ExtenderConfig readExtender(const YamlNode& node, const std::string& path, Problems& problems,
                            std::set<std::string>& managed) {
  ExtenderConfig extender;
  ObjectReader reader(node, path, problems);
  reader.text("urlPrefix", extender.url_prefix);
  reader.text("filterVerb", extender.filter_verb);
  reader.text("preemptVerb", extender.preempt_verb);
  reader.text("prioritizeVerb", extender.prioritize_verb);
  reader.text("bindVerb", extender.bind_verb);
  reader.integer("weight", extender.weight, std::int64_t{0}, kMaxInt64);
  reader.boolean("enableHTTPS", extender.enable_https);
  if (const YamlNode* tls = reader.object("tlsConfig")) {
    extender.tls = readTls(*tls, reader.pathOf("tlsConfig"), problems);
  }
  reader.duration("httpTimeout", extender.http_timeout);
  if (extender.http_timeout == base::Duration::zero()) {
    extender.http_timeout = std::chrono::seconds(5);
  }
  reader.boolean("nodeCacheCapable", extender.node_cache_capable);
  readManaged(reader, problems, managed, extender);
  reader.boolean("ignorable", extender.ignorable);
  reader.finish();
  check(reader, extender);
  return extender;
}

void writeTls(YamlWriter& out, const ExtenderTls& tls) {
  out.line(1, "tlsConfig:");
  out.value(2, "insecure", tls.insecure);
  out.text(2, "serverName", tls.server_name);
  out.text(2, "certFile", tls.cert_file);
  out.text(2, "keyFile", tls.key_file);
  out.text(2, "caFile", tls.ca_file);
  out.text(2, "certData", tls.cert_data);
  if (!tls.key_data.empty()) out.line(2, "# keyData is secret and left out");
  out.text(2, "caData", tls.ca_data);
}

}  // namespace

std::vector<ExtenderConfig> readExtenders(ObjectReader& root, Problems& problems) {
  std::vector<ExtenderConfig> extenders;
  std::set<std::string> managed;
  root.objects("extenders", [&](const YamlNode& node, const std::string& path) {
    extenders.push_back(readExtender(node, path, problems, managed));
  });
  const auto binders = std::count_if(extenders.begin(), extenders.end(),
                                     [](const auto& one) { return !one.bind_verb.empty(); });
  if (binders > 1) {
    root.problem("extenders", fmt::format("has {} extenders with a bindVerb", binders),
                 "only one of them can bind");
  }
  return extenders;
}

void writeExtenders(YamlWriter& out, const std::vector<ExtenderConfig>& extenders) {
  if (extenders.empty()) return;
  out.line(0, "extenders:");
  for (const ExtenderConfig& extender : extenders) {
    out.text(0, "- urlPrefix", extender.url_prefix);
    out.text(1, "filterVerb", extender.filter_verb);
    out.text(1, "preemptVerb", extender.preempt_verb);
    out.text(1, "prioritizeVerb", extender.prioritize_verb);
    out.text(1, "bindVerb", extender.bind_verb);
    out.value(1, "weight", extender.weight);
    out.value(1, "enableHTTPS", extender.enable_https);
    if (!(extender.tls == ExtenderTls())) writeTls(out, extender.tls);
    out.duration(1, "httpTimeout", extender.http_timeout);
    out.value(1, "nodeCacheCapable", extender.node_cache_capable);
    if (!extender.managed_resources.empty()) out.line(1, "managedResources:");
    for (const ExtenderResource& resource : extender.managed_resources) {
      out.line(1, fmt::format("- {{name: {}, ignoredByScheduler: {}}}",
                              base::jsonString(resource.name), resource.ignored_by_scheduler));
    }
    out.value(1, "ignorable", extender.ignorable);
  }
}

}  // namespace stowage::config
