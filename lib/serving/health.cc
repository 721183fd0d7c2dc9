#include "serving/health.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"

namespace stowage::serving {

namespace {

constexpr int kOk = 200;
constexpr int kNotFound = 404;
constexpr int kFailed = 500;

struct Endpoint {
  HealthGroup group;
  std::string name;   // "readyz"
  std::string check;  // below it, or empty
};

std::optional<Endpoint> parsePath(std::string_view path) {
  for (const auto& [name, group] :
       {std::pair{"livez", HealthGroup::kLivez}, std::pair{"readyz", HealthGroup::kReadyz},
        std::pair{"healthz", HealthGroup::kHealthz}}) {
    const std::string prefix = fmt::format("/{}", name);
    if (!path.starts_with(prefix)) continue;
    std::string_view rest = path.substr(prefix.size());
    if (!rest.empty() && rest.front() != '/') continue;
    if (!rest.empty()) rest.remove_prefix(1);
    return Endpoint{group, name, std::string(rest)};
  }
  return std::nullopt;
}

// What a tenant or the API server wrote may be part of a reason: keep it on one line.
std::string oneLine(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text;
}

const base::MetricFamily& checkFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kGauge,
                                          "kubernetes_healthcheck",
                                          "Result of a health check when it was last asked: 1 ok.",
                                          {"name", "type"},
                                          {}};
  return kFamily;
}
const base::MetricFamily& checksFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kCounter,
                                          "kubernetes_healthchecks_total",
                                          "Results of all health checks.",
                                          {"name", "status", "type"},
                                          {}};
  return kFamily;
}

}  // namespace

HealthRegistry::HealthRegistry() {
  slis_.announce(checkFamily());
  slis_.announce(checksFamily());
  add("ping", HealthGroup::kAll, [] { return base::Status(); });
}

void HealthRegistry::add(std::string name, HealthGroup groups, Check check) {
  auto shared = std::make_shared<const Check>(std::move(check));
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  if (found != entries_.end()) {
    *found = {std::move(name), groups, std::move(shared)};
  } else {
    entries_.push_back({std::move(name), groups, std::move(shared)});
  }
}

void HealthRegistry::setDegraded(const std::string& feature, const std::string& reason) {
  std::lock_guard lock(mutex_);
  degraded_[feature] = oneLine(reason);
}

void HealthRegistry::clearDegraded(const std::string& feature) {
  std::lock_guard lock(mutex_);
  degraded_.erase(feature);
}

std::map<std::string, std::string> HealthRegistry::degraded() const {
  std::lock_guard lock(mutex_);
  return degraded_;
}

std::vector<HealthRegistry::Entry> HealthRegistry::entriesOf(HealthGroup group) const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> found;
  for (const Entry& entry : entries_) {
    if ((static_cast<unsigned>(entry.groups) & static_cast<unsigned>(group)) != 0) {
      found.push_back(entry);
    }
  }
  return found;
}

std::string HealthRegistry::degradedLines() const {
  std::string lines;
  for (const auto& [feature, reason] : degraded()) {
    lines += fmt::format("[!]{} degraded: {}\n", feature, reason);
  }
  return lines;
}

base::Status HealthRegistry::run(const Entry& entry) const {
  base::Status status = (*entry.check)();
  bool changed = false;
  {
    std::lock_guard lock(mutex_);
    changed = status.ok() ? failing_.erase(entry.name) > 0 : failing_.insert(entry.name).second;
  }
  if (changed && !status.ok()) {
    base::log().warn("health check fails", {{"check", entry.name}, {"reason", status.toString()}});
  } else if (changed) {
    base::log().info("health check passes again", {{"check", entry.name}});
  }
  return status;
}

void HealthRegistry::count(const std::string& check, const std::string& type, bool ok) const {
  slis_.gauge(checkFamily().name, checkFamily().help, {{"name", check}, {"type", type}})
      .set(ok ? 1 : 0);
  slis_
      .counter(checksFamily().name, checksFamily().help,
               {{"name", check}, {"type", type}, {"status", ok ? "success" : "error"}})
      .increment();
}

HealthAnswer HealthRegistry::answer(std::string_view path, bool verbose,
                                    const std::set<std::string>& exclude) const {
  const auto endpoint = parsePath(path);
  if (!endpoint) return {kNotFound, "404 page not found\n"};
  std::set<std::string> unmatched = exclude;
  std::string lines;
  bool failed = false;
  for (const Entry& entry : entriesOf(endpoint->group)) {
    if (!endpoint->check.empty()) {
      if (entry.name != endpoint->check) continue;
      if (run(entry).ok()) return {kOk, "ok"};
      return {kFailed, "internal server error: reason withheld\n"};
    }
    unmatched.erase(entry.name);
    if (exclude.contains(entry.name)) {
      lines += fmt::format("[+]{} excluded: ok\n", entry.name);
      continue;
    }
    const bool ok = run(entry).ok();
    count(entry.name, endpoint->name, ok);
    failed = failed || !ok;
    lines += ok ? fmt::format("[+]{} ok\n", entry.name)
                : fmt::format("[-]{} failed: reason withheld\n", entry.name);
  }
  if (!endpoint->check.empty()) return {kNotFound, "404 page not found\n"};
  lines += degradedLines();
  if (!unmatched.empty()) {
    lines += fmt::format("warn: some health checks cannot be excluded: no matches for \"{}\"\n",
                         oneLine(fmt::format("{}", fmt::join(unmatched, "\",\""))));
  }
  if (failed) return {kFailed, fmt::format("{}{} check failed\n", lines, endpoint->name)};
  if (!verbose) return {kOk, "ok"};
  return {kOk, fmt::format("{}{} check passed\n", lines, endpoint->name)};
}

}  // namespace stowage::serving
