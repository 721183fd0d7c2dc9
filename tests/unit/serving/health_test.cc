#include "serving/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stowage::serving {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

base::Status ok() { return {}; }
base::Status bad() { return {base::Code::kUnavailable, "secret reason"}; }

struct HealthCase {
  const char* name;
  const char* path;
  bool verbose;
  std::set<std::string> exclude;
  int status;
  const char* body;
};

// The format of Kubernetes' own servers.
const HealthCase kCases[] = {
    {"a live process", "/livez", false, {}, 200, "ok"},
    {"a live process, told at length",
     "/livez",
     true,
     {},
     200,
     "[+]ping ok\n[+]loop ok\n[!]gangs degraded: API group is not served\nlivez check passed\n"},
    {"a check that fails",
     "/readyz",
     false,
     {},
     500,
     "[+]ping ok\n[+]loop ok\n[-]caches failed: reason withheld\n"
     "[!]gangs degraded: API group is not served\nreadyz check failed\n"},
    {"the failing check left out",
     "/readyz",
     true,
     {"caches"},
     200,
     "[+]ping ok\n[+]loop ok\n[+]caches excluded: ok\n[!]gangs degraded: API group is not served\n"
     "readyz check passed\n"},
    {"the failing check left out, in short", "/readyz", false, {"caches"}, 200, "ok"},
    {"a name that is not there",
     "/livez",
     true,
     {"nope"},
     200,
     "[+]ping ok\n[+]loop ok\n[!]gangs degraded: API group is not served\n"
     "warn: some health checks cannot be excluded: no matches for \"nope\"\nlivez check passed\n"},
    {"one check", "/readyz/ping", false, {}, 200, "ok"},
    {"one failing check",
     "/readyz/caches",
     false,
     {},
     500,
     "internal server error: reason withheld\n"},
    {"a check of another endpoint", "/livez/caches", false, {}, 404, "404 page not found\n"},
    {"healthz has its own list",
     "/healthz",
     true,
     {},
     200,
     "[+]ping ok\n[!]gangs degraded: API group is not served\nhealthz check passed\n"},
    {"no such path", "/livezz", false, {}, 404, "404 page not found\n"},
};

TEST(HealthRegistry, AnswersInTheFormatOfKubernetes) {
  HealthRegistry health;
  health.add("loop", HealthGroup::kLivez | HealthGroup::kReadyz, ok);
  health.add("caches", HealthGroup::kReadyz, bad);
  health.setDegraded("gangs", "API group is not served");
  for (const HealthCase& c : kCases) {
    const HealthAnswer answer = health.answer(c.path, c.verbose, c.exclude);
    EXPECT_EQ(answer.status, c.status) << c.name;
    EXPECT_EQ(answer.body, c.body) << c.name;
  }
}

TEST(HealthRegistry, ACheckThatRecoversPasses) {
  HealthRegistry health;
  bool healthy = false;
  health.add("x", HealthGroup::kReadyz, [&] { return healthy ? ok() : bad(); });
  EXPECT_EQ(health.answer("/readyz", false, {}).status, 500);
  healthy = true;
  EXPECT_EQ(health.answer("/readyz", false, {}).status, 200);
}

TEST(HealthRegistry, ALaterCheckOfANameReplacesTheFirst) {
  HealthRegistry health;
  health.add("x", HealthGroup::kAll, bad);
  health.add("x", HealthGroup::kAll, ok);
  EXPECT_EQ(health.answer("/livez", true, {}).body, "[+]ping ok\n[+]x ok\nlivez check passed\n");
}

TEST(HealthRegistry, CountsHowChecksOfTheEndpointsComeOut) {
  HealthRegistry health;
  bool well = true;
  health.add("db", HealthGroup::kReadyz, [&]() -> base::Status {
    return well ? base::Status() : base::Status(base::Code::kUnavailable, "away");
  });
  EXPECT_EQ(health.answer("/readyz", false, {}).status, 200);
  well = false;
  EXPECT_EQ(health.answer("/readyz", true, {}).status, 500);
  // Neither a check by its own path nor one that is left out.
  EXPECT_EQ(health.answer("/readyz/db", false, {}).status, 500);
  EXPECT_EQ(health.answer("/readyz", false, {"db"}).status, 200);
  const std::string text = health.slis().render();
  EXPECT_THAT(text, HasSubstr("kubernetes_healthcheck{name=\"db\",type=\"readyz\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("kubernetes_healthcheck{name=\"ping\",type=\"readyz\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kubernetes_healthchecks_total{name=\"db\",status=\"error\",type="
                              "\"readyz\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kubernetes_healthchecks_total{name=\"db\",status=\"success\",type="
                              "\"readyz\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("livez")));
}

TEST(HealthRegistry, DegradationEndsWhenItIsCleared) {
  HealthRegistry health;
  health.setDegraded("a", "one\nforged line");
  EXPECT_EQ(health.degraded().at("a"), "one forged line");
  health.clearDegraded("a");
  EXPECT_TRUE(health.degraded().empty());
}

}  // namespace
}  // namespace stowage::serving
