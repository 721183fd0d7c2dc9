#include "tracing/otlp_json.h"

#include <fmt/format.h>

#include <string_view>

#include "base/text.h"

namespace stowage::tracing {
namespace {

using base::Duration;
using base::SteadyTime;
using base::TraceSpan;

constexpr int kInternal = 1;  // SPAN_KIND_INTERNAL
constexpr int kError = 2;     // STATUS_CODE_ERROR

// An id of zeros is invalid.
std::uint64_t idPart(base::Rng& rng) {
  const std::uint64_t id = rng.next();
  return id == 0 ? 1 : id;
}

void appendAttributes(std::string& out,
                      const std::vector<std::pair<std::string, std::string>>& attributes) {
  out += R"("attributes":[)";
  bool first = true;
  for (const auto& [key, value] : attributes) {
    if (!first) out += ',';
    first = false;
    out += R"({"key":)";
    base::appendJsonString(out, key);
    out += R"(,"value":{"stringValue":)";
    base::appendJsonString(out, value);
    out += "}}";
  }
  out += ']';
}

class Encoder {
 public:
  Encoder(SteadyTime now, base::WallTime wall_now, base::Rng& rng)
      : now_(now), wall_now_(wall_now), rng_(rng) {}

  void append(std::string& out, const base::Trace& trace) {
    const std::string id = fmt::format("{:016x}{:016x}", idPart(rng_), idPart(rng_));
    const std::string root = fmt::format("{:016x}", idPart(rng_));
    open(out, id, root, "", trace.whole);
    out += ',';
    appendAttributes(out, trace.attributes);
    if (trace.failed) {
      out += fmt::format(R"(,"status":{{"code":{},"message":)", kError);
      base::appendJsonString(out, trace.error);
      out += '}';
    }
    out += '}';
    for (const TraceSpan& part : trace.parts) {
      out += ',';
      open(out, id, fmt::format("{:016x}", idPart(rng_)), root, part);
      out += '}';
    }
  }

 private:
  // 64-bit numbers are strings in proto3's JSON.
  [[nodiscard]] std::int64_t nanos(SteadyTime time) const {
    const Duration since = wall_now_.time_since_epoch() - (now_ - time);
    return since.count();
  }
  void open(std::string& out, std::string_view trace, std::string_view span,
            std::string_view parent, const TraceSpan& what) const {
    out += fmt::format(R"({{"traceId":"{}","spanId":"{}",)", trace, span);
    if (!parent.empty()) out += fmt::format(R"("parentSpanId":"{}",)", parent);
    out += R"("name":)";
    base::appendJsonString(out, what.name);
    out += fmt::format(R"(,"kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}")", kInternal,
                       nanos(what.began), nanos(what.ended));
  }

  SteadyTime now_;
  base::WallTime wall_now_;
  base::Rng& rng_;
};

}  // namespace

std::string otlpJson(const Resource& resource, std::span<const base::Trace> traces, SteadyTime now,
                     base::WallTime wall_now, base::Rng& rng) {
  std::string out = R"({"resourceSpans":[{"resource":{)";
  appendAttributes(out, resource);
  out += R"(},"scopeSpans":[{"scope":{"name":"stowage"},"spans":[)";
  Encoder encoder(now, wall_now, rng);
  bool first = true;
  for (const base::Trace& trace : traces) {
    if (!first) out += ',';
    first = false;
    encoder.append(out, trace);
  }
  out += "]}]}]}";
  return out;
}

}  // namespace stowage::tracing
