#include "serving/metrics_registry.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "base/clock.h"
#include "serving/process_metrics.h"

namespace stowage::serving {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsRegistry, RendersEveryKindInTheTextFormat) {
  MetricsRegistry registry("test");
  registry.counter("a_total", "Things.", {{"kind", "x"}}).add(2);
  registry.gauge("b", "Level.", {}).set(-1.5);
  auto& histogram = registry.histogram("c_seconds", "Time.", {}, {0.1, 1});
  histogram.observe(0.05);
  histogram.observe(0.1);
  histogram.observe(7);
  EXPECT_THAT(registry.render(), AllOf(HasSubstr("# HELP a_total Things.\n# TYPE a_total counter\n"
                                                 "a_total{kind=\"x\"} 2\n"),
                                       HasSubstr("# TYPE b gauge\nb -1.5\n"),
                                       HasSubstr("# TYPE c_seconds histogram\nc_seconds_count 3\n"),
                                       HasSubstr("c_seconds_bucket{le=\"0.1\"} 2\n"),
                                       HasSubstr("c_seconds_bucket{le=\"1\"} 2\n"),
                                       HasSubstr("c_seconds_bucket{le=\"+Inf\"} 3\n")));
}

TEST(MetricsRegistry, TheSameNameAndLabelsAreTheSameNumber) {
  MetricsRegistry registry("test");
  auto& first = registry.counter("a_total", "A.", {{"x", "1"}, {"y", "2"}});
  auto& second = registry.counter("a_total", "other help", {{"y", "2"}, {"x", "1"}});
  EXPECT_EQ(&first, &second);
  EXPECT_NE(&first, &registry.counter("a_total", "A.", {{"x", "1"}, {"y", "3"}}));
}

TEST(MetricsRegistry, DescribesItsFamiliesAlsoThoseWithoutSeriesYet) {
  MetricsRegistry registry;
  registry.announce({base::MetricType::kCounter, "late_total", "Late.", {"why"}, {}});
  registry.histogram("c_seconds", "Time.", {{"y", "1"}, {"x", "2"}}, {0.1, 1});
  EXPECT_THAT(registry.render(), Not(HasSubstr("late_total")));
  auto families = registry.families();
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].family.name, "c_seconds");
  EXPECT_EQ(families[0].family.labels, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(families[0].family.buckets, (std::vector<double>{0.1, 1}));
  EXPECT_TRUE(families[0].lasting);
  EXPECT_EQ(families[1].family.help, "Late.");
  EXPECT_FALSE(families[1].lasting);
  // The first case comes.
  registry.counter("late_total", "Late.", {{"why", "x"}}).increment();
  EXPECT_THAT(registry.render(), HasSubstr("late_total{why=\"x\"} 1\n"));
  EXPECT_EQ(registry.families().size(), 2U);
}

TEST(MetricsRegistryDeathTest, ANameHasOneTypeAlsoWhenItWasAnnounced) {
  MetricsRegistry registry;
  registry.announce({base::MetricType::kCounter, "a_total", "A.", {}, {}});
  EXPECT_DEATH(registry.gauge("a_total", "A.", {}), "a_total");
}

TEST(MetricsRegistry, FamiliesAndSeriesComeInAFixedOrder) {
  MetricsRegistry registry("test");
  registry.gauge("z", "Z.", {}).set(1);
  registry.counter("m_total", "M.", {{"k", "b"}}).increment();
  registry.counter("m_total", "M.", {{"k", "a"}}).increment();
  registry.gauge("a", "A.", {}).set(1);
  const std::string text = registry.render();
  const auto at = [&](const char* what) { return text.find(what); };
  EXPECT_LT(at("\na 1"), at("m_total{k=\"a\"}"));
  EXPECT_LT(at("m_total{k=\"a\"}"), at("m_total{k=\"b\"}"));
  EXPECT_LT(at("m_total{k=\"b\"}"), at("\nz 1"));
}

TEST(MetricsRegistry, LabelValuesFromOutsideCannotForgeALine) {
  MetricsRegistry registry("test");
  registry.counter("a_total", "A.", {{"k", "x\"} 1\nforged 2\\\xff\xc3\xa9"}}).increment();
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("a_total{k=\"x\\\"} 1?forged 2\\\\???\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nforged")));
  registry.counter("b_total", "B.", {{"k", std::string(5000, 'x')}}).increment();
  EXPECT_THAT(registry.render(), Not(HasSubstr(std::string(201, 'x'))));
}

TEST(MetricsRegistry, ValuesThatAreNoNumbersAreDroppedAndCounted) {
  MetricsRegistry registry("test");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  auto& counter = registry.counter("a_total", "A.", {});
  counter.add(3);
  counter.add(-1);
  counter.add(nan);
  auto& gauge = registry.gauge("b", "B.", {});
  gauge.set(4);
  gauge.set(infinity);
  gauge.add(nan);
  auto& histogram = registry.histogram("c", "C.", {}, {1});
  histogram.observe(0.5);
  histogram.observe(nan);
  EXPECT_THAT(registry.render(),
              AllOf(HasSubstr("\na_total 3\n"), HasSubstr("\nb 4\n"), HasSubstr("\nc_sum 0.5\n"),
                    HasSubstr("stowage_metrics_dropped_total{reason=\"value\"} 5\n")));
}

TEST(MetricsRegistry, AFamilyStopsGrowing) {
  MetricsRegistry registry("test");
  for (std::size_t i = 0; i < MetricsRegistry::kMaxSeries + 10; ++i) {
    registry.counter("a_total", "A.", {{"k", std::to_string(i)}}).increment();
  }
  const std::string text = registry.render();
  EXPECT_THAT(text, Not(HasSubstr(fmt::format("k=\"{}\"", MetricsRegistry::kMaxSeries))));
  EXPECT_THAT(text, HasSubstr("stowage_metrics_dropped_total{reason=\"series\"} 10\n"));
}

TEST(MetricsRegistry, RefreshersRunBeforeEveryRendering) {
  MetricsRegistry registry("test");
  auto& gauge = registry.gauge("a", "A.", {});
  int renderings = 0;
  registry.beforeRender([&] { gauge.set(++renderings); });
  EXPECT_THAT(registry.render(), HasSubstr("\na 1\n"));
  EXPECT_THAT(registry.render(), HasSubstr("\na 2\n"));
}

TEST(MetricsRegistry, CountsFromManyThreadsAddUp) {
  MetricsRegistry registry("test");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&registry, t] {
      for (int i = 0; i < 1000; ++i) {
        registry.counter("a_total", "A.", {}).increment();
        registry.histogram("h", "H.", {{"t", std::to_string(t)}}, {1, 2}).observe(1);
        if (i % 100 == 0) (void)registry.render();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(registry.render(), HasSubstr("\na_total 4000\n"));
}

TEST(MetricsRegistryDeathTest, OneNameCannotHaveTwoTypes) {
  MetricsRegistry registry("test");
  registry.counter("a_total", "A.", {});
  EXPECT_DEATH(registry.gauge("a_total", "A.", {}), "a_total");
  EXPECT_DEATH(registry.gauge("not a name", "A.", {}), "not a name");
  EXPECT_DEATH(registry.gauge("g", "A.", {{"le", "1"}}), "le");
}

double valueOf(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(ProcessMetrics, DescribeThisProcess) {
  MetricsRegistry registry("stowage-test");
  addProcessMetrics(registry);
  const std::string text = registry.render();
  EXPECT_GT(valueOf(text, "process_resident_memory_bytes"), 1e6) << text;
  EXPECT_GT(valueOf(text, "process_virtual_memory_bytes"), 1e6);
  EXPECT_GE(valueOf(text, "process_cpu_seconds_total"), 0);
  EXPECT_GE(valueOf(text, "process_open_fds"), 3);
  EXPECT_GE(valueOf(text, "process_max_fds"), 16);
  EXPECT_GE(valueOf(text, "process_threads"), 1);
  const double start = valueOf(text, "process_start_time_seconds");
  const double now =
      std::chrono::duration<double>(base::SystemClock().wallNow().time_since_epoch()).count();
  EXPECT_GT(start, now - 3600);
  EXPECT_LT(start, now + 2);
  EXPECT_THAT(text, HasSubstr("program=\"stowage-test\""));
}

TEST(ProcessMetrics, WithoutProcTheRestIsServed) {
  MetricsRegistry registry("test");
  addProcessMetrics(registry, "/nowhere");
  EXPECT_THAT(registry.render(), HasSubstr("stowage_build_info"));
}

}  // namespace
}  // namespace stowage::serving
