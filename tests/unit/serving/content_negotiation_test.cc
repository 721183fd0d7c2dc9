#include "serving/content_negotiation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace stowage::serving {
namespace {

constexpr Exposition kText = Exposition::kText;
constexpr Exposition kOpenMetrics = Exposition::kOpenMetrics;

TEST(ContentNegotiation, OpenMetricsForThoseWhoNameItAndWantItMost) {
  const struct {
    const char* accept;
    Exposition form;
  } cases[] = {
      {"", kText},
      {"*/*", kText},
      {"text/html, */*;q=0.1", kText},
      {"application/json", kText},
      {"application/openmetrics-text", kOpenMetrics},
      {"Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.3", kOpenMetrics},
      {"application/openmetrics-text;version=0.0.1", kText},
      {"application/openmetrics-text;q=0", kText},
      {"application/openmetrics-text;q=much", kText},
      {"application/openmetrics-text;q=2", kText},
      {"text/plain;version=0.0.4, application/openmetrics-text", kText},
      {"application/openmetrics-text, text/plain", kOpenMetrics},
      {"application/openmetrics-text;q=0.5, text/*;q=0.6", kText},
      {"application/openmetrics-text;q=0.5, text/plain;version=1.0.0;q=0.6", kOpenMetrics},
      {"a/b;x=\"application/openmetrics-text,application/openmetrics-text\", text/plain;q=0.1",
       kText},
      {";;,,=;\",", kText},
      // Prometheus 2.42, and 3 with its schemes of escaping.
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0."
       "75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       kOpenMetrics},
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
       "openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       kOpenMetrics},
      // What wants protocol buffers first gets what it takes next.
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
       "q=0.6,text/plain;version=0.0.4;q=0.3",
       kText},
  };
  for (const auto& c : cases) EXPECT_EQ(chooseExposition(c.accept), c.form) << c.accept;
}

TEST(ContentNegotiation, GzipWhereItIsWanted) {
  for (const char* yes :
       {"gzip", "deflate, GZIP, br", "x-gzip", "*", "gzip;q=0.001", "br, *;q=0.1"})
    EXPECT_TRUE(acceptsGzip(yes)) << yes;
  for (const char* no : {"", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzippy"})
    EXPECT_FALSE(acceptsGzip(no)) << no;
}

RC_GTEST_PROP(ContentNegotiation, AnyBytesAreRead, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::arbitrary<char>(), rc::gen::elementOf(std::string("/*;,=\"\\ q0.1"))));
  chooseExposition(text);
  acceptsGzip(text);
}

}  // namespace
}  // namespace stowage::serving
