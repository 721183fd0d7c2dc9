#include "kubeapi/lease.h"

#include <fmt/format.h>

#include "base/text.h"
#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

void appendMember(std::string& out, std::string_view key, std::string_view json) {
  if (out.back() != '{') out.push_back(',');
  out.append("\"").append(key).append("\":").append(json);
}

void appendText(std::string& out, std::string_view key, std::string_view text) {
  if (!text.empty()) appendMember(out, key, base::jsonString(text));
}

void appendTime(std::string& out, std::string_view key, const std::optional<WallTime>& time) {
  if (time) appendMember(out, key, base::jsonString(base::formatMicroTime(*time)));
}

std::string encodeMap(const Labels& labels) {
  std::string out = "{";
  for (const auto& [key, value] : labels) {
    if (out.size() > 1) out.push_back(',');
    base::appendJsonString(out, key.view());
    out.push_back(':');
    base::appendJsonString(out, value.view());
  }
  return out + "}";
}

}  // namespace

std::string encodeLease(const Lease& lease) {
  std::string meta = "{";
  appendText(meta, "name", lease.meta.name.view());
  appendText(meta, "namespace", lease.meta.ns.view());
  appendText(meta, "uid", lease.meta.uid.view());
  appendText(meta, "resourceVersion", lease.meta.resource_version);
  if (!lease.meta.labels.empty()) appendMember(meta, "labels", encodeMap(lease.meta.labels));
  meta.push_back('}');

  std::string spec = "{";
  // The holder is written even when empty: that is how a lease is released.
  appendMember(spec, "holderIdentity", base::jsonString(lease.holder));
  appendMember(spec, "leaseDurationSeconds", fmt::to_string(lease.duration_seconds));
  appendTime(spec, "acquireTime", lease.acquire_time);
  appendTime(spec, "renewTime", lease.renew_time);
  appendMember(spec, "leaseTransitions", fmt::to_string(lease.transitions));
  spec.push_back('}');

  return R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":)" + meta +
         R"(,"spec":)" + spec + "}";
}

void decodeInto(JsonReading& reading, JsonElement element, Lease& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "holderIdentity") {
          readValue(reading, field, out.holder);
        } else if (name == "leaseDurationSeconds") {
          readValue(reading, field, out.duration_seconds);
        } else if (name == "acquireTime") {
          readValue(reading, field, out.acquire_time);
        } else if (name == "renewTime") {
          readValue(reading, field, out.renew_time);
        } else if (name == "leaseTransitions") {
          readValue(reading, field, out.transitions);
        }
      });
    }
  });
}

}  // namespace stowage::kubeapi
