// docs/metrics.md: its tables are written from what both programs register when they are wired.
// STOWAGE_WRITE_DOCS=1 (make docs) writes them anew; otherwise a difference fails.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cmd/operator/app.h"
#include "cmd/scheduler/app.h"
#include "serving/health.h"
#include "stowage_paths.h"

namespace stowage {
namespace {

using Described = serving::MetricsRegistry::Described;
using Families = std::map<std::string, Described>;

constexpr const char* kPage = "/docs/metrics.md";

std::string readAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Names a cluster that nobody asks for anything.
std::string writeKubeconfig() {
  std::string path = ::testing::TempDir() + "metrics_page_kubeconfig";
  std::ofstream(path) << "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                         "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
                         "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
                         "users: [{name: u, user: {}}]\n";
  return path;
}

Families byName(const std::vector<Described>& all) {
  Families families;
  for (const Described& one : all) families.emplace(one.family.name, one);
  return families;
}

template <typename App, typename Settings>
Families registeredBy(base::Result<Settings> settings) {
  EXPECT_TRUE(settings.has_value()) << settings.error().message();
  auto app = App::create(std::move(*settings));
  EXPECT_TRUE(app.has_value()) << app.error().message();
  return byName((*app)->metrics().families());
}

Families schedulerFamilies() {
  scheduler_cmd::Options options;
  options.kubeconfig = writeKubeconfig();
  return registeredBy<scheduler_cmd::App>(scheduler_cmd::loadSettings(options));
}

Families operatorFamilies() {
  operator_cmd::Options options;
  options.kubeconfig = writeKubeconfig();
  return registeredBy<operator_cmd::App>(operator_cmd::loadSettings(options));
}

const char* nameOf(base::MetricType type) {
  switch (type) {
    case base::MetricType::kCounter:
      return "counter";
    case base::MetricType::kGauge:
      return "gauge";
    case base::MetricType::kHistogram:
      return "histogram";
  }
  return "";
}

std::string bucketsOf(const std::vector<double>& buckets) {
  if (buckets.empty()) return "";
  return fmt::format("{} to {:.4g}, {}", buckets.front(), buckets.back(), buckets.size());
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '|') {
      out += "\\|";
    } else {
      out += c;
    }
  }
  while (out.ends_with('.')) out.pop_back();
  return out;
}

std::string row(const Described& one) {
  std::vector<std::string> labels;
  for (const std::string& label : one.family.labels) labels.push_back("`" + label + "`");
  return fmt::format("| `{}`{} | {} | {} | {} | {} |\n", one.family.name, one.lasting ? "" : " †",
                     nameOf(one.family.type), fmt::join(labels, ", "),
                     bucketsOf(one.family.buckets), escaped(one.family.help));
}

std::string table(const std::vector<const Described*>& rows) {
  std::string out = "| family | type | labels | buckets | meaning |\n|---|---|---|---|---|\n";
  for (const Described* one : rows) out += row(*one);
  return out;
}

bool startsWithAny(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

// Section -> table. Every family is in exactly one.
std::map<std::string, std::string> sections(const Families& scheduler, const Families& operators) {
  std::map<std::string, std::vector<const Described*>> rows;
  Families all = scheduler;
  all.insert(operators.begin(), operators.end());
  for (const auto& [name, one] : all) {
    const bool both = scheduler.contains(name) && operators.contains(name);
    std::string section = both ? "both" : scheduler.contains(name) ? "scheduler" : "operator";
    if (startsWithAny(name, {"scheduler_"})) section = "kube-scheduler";
    if (startsWithAny(name, {"leader_election_", "rest_client_"})) section = "client";
    if (startsWithAny(name, {"process_"})) section = "process";
    rows[section].push_back(&one);
  }
  std::map<std::string, std::string> tables;
  for (const auto& [section, of] : rows) tables[section] = table(of);
  const serving::HealthRegistry health;
  const Families slis = byName(health.slis().families());
  std::vector<const Described*> sli_rows;
  for (const auto& [name, one] : slis) sli_rows.push_back(&one);
  tables["slis"] = table(sli_rows);
  return tables;
}

// The page with what stands between "<!-- families: NAME -->" and "<!-- end -->" replaced.
std::string filledIn(const std::string& page, std::map<std::string, std::string> tables) {
  static const std::string kOpen = "<!-- families: ";
  static const std::string kClose = "<!-- end -->";
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = page.find(kOpen, at);
    if (open == std::string::npos) break;
    const std::size_t line_end = page.find('\n', open) + 1;
    const std::size_t close = page.find(kClose, line_end);
    const std::size_t name_at = open + kOpen.size();
    const std::string name = page.substr(name_at, page.find(' ', name_at) - name_at);
    EXPECT_NE(close, std::string::npos) << name;
    EXPECT_TRUE(tables.contains(name)) << "there is no section " << name;
    out += page.substr(at, line_end - at) + tables[name];
    tables.erase(name);
    at = close;
  }
  for (const auto& [name, unused] : tables) ADD_FAILURE() << "the page has no place for " << name;
  return out + page.substr(at);
}

TEST(MetricsPage, IsWhatTheProgramsRegister) {
  const std::string path = std::string(STOWAGE_SOURCE_DIR) + kPage;
  const std::string page = readAll(path);
  const std::string fresh = filledIn(page, sections(schedulerFamilies(), operatorFamilies()));
  if (std::getenv("STOWAGE_WRITE_DOCS") != nullptr) {
    std::ofstream(path) << fresh;
    return;
  }
  EXPECT_TRUE(fresh == page) << "docs/metrics.md is not current: make docs writes its tables anew";
}

// What both have is one family in a cluster where both are scraped.
TEST(MetricsPage, ANameMeansTheSameInBothPrograms) {
  const Families operators = operatorFamilies();
  for (const auto& [name, one] : schedulerFamilies()) {
    const auto other = operators.find(name);
    if (other == operators.end()) continue;
    EXPECT_EQ(one.family.type, other->second.family.type) << name;
    EXPECT_EQ(one.family.labels, other->second.family.labels) << name;
    EXPECT_EQ(one.family.buckets, other->second.family.buckets) << name;
    EXPECT_EQ(one.family.help, other->second.family.help) << name;
  }
}

// A label with names of objects has as many values as a tenant likes.
TEST(MetricsPage, LabelsAreFromAKnownList) {
  const std::set<std::string> objects = {"group", "namespace"};
  for (const auto& [name, one] : schedulerFamilies()) {
    for (const std::string& label : one.family.labels) {
      EXPECT_FALSE(objects.contains(label) || label == "pod" || label == "node") << name;
    }
  }
  for (const auto& [name, one] : operatorFamilies()) {
    for (const std::string& label : one.family.labels) {
      EXPECT_NE(label, "pod") << name;
      if (objects.contains(label)) {
        EXPECT_TRUE(startsWithAny(name, {"stowage_group_", "stowage_shard_"})) << name;
      }
    }
  }
}

}  // namespace
}  // namespace stowage
