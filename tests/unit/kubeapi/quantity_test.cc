// Quantities against the table that apimachinery v0.36.3 printed (canonical text, Value,
// MilliValue), and what is ours: saturation, bounded work, arithmetic.
#include "kubeapi/quantity.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <optional>
#include <string>

#include "testing/builders/pod_builder.h"

namespace stowage::kubeapi {
namespace {

using testing::quantity;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

struct OracleRow {
  const char* text;
  const char* canonical;
  std::int64_t value;
  std::int64_t milli;
};

constexpr OracleRow kOracle[] = {
    {"0", "0", 0, 0},
    {"0.0", "0", 0, 0},
    {"00", "0", 0, 0},
    {"-0", "0", 0, 0},
    {"+1", "1", 1, 1000},
    {"100m", "100m", 1, 100},
    {"0.1", "100m", 1, 100},
    {"0.1m", "100u", 1, 1},
    {"1.5", "1500m", 2, 1500},
    {"1.5Gi", "1536Mi", 1610612736, 1610612736000},
    {"0.5Gi", "512Mi", 536870912, 536870912000},
    {"1024Mi", "1Gi", 1073741824, 1073741824000},
    {"1025Mi", "1025Mi", 1074790400, 1074790400000},
    {"1000Mi", "1000Mi", 1048576000, 1048576000000},
    {"2048Ki", "2Mi", 2097152, 2097152000},
    {"1048576Ki", "1Gi", 1073741824, 1073741824000},
    {"1023Ki", "1023Ki", 1047552, 1047552000},
    {"1000", "1k", 1000, 1000000},
    {"1000k", "1M", 1000000, 1000000000},
    {"1024", "1024", 1024, 1024000},
    {"1024k", "1024k", 1024000, 1024000000},
    {"128974848000m", "128974848", 128974848, 128974848000},
    {"1e3", "1e3", 1000, 1000000},
    {"1E3", "1e3", 1000, 1000000},
    {"1e+3", "1e3", 1000, 1000000},
    {"1.e3", "1e3", 1000, 1000000},
    {"1e1", "10", 10, 10000},
    {"1e2", "100", 100, 100000},
    {"1.5e3", "1500", 1500, 1500000},
    {"100e1", "1e3", 1000, 1000000},
    {"10e-1", "1", 1, 1000},
    {"1e-3", "1e-3", 1, 1},
    {"12e6", "12e6", 12000000, 12000000000},
    {".5", "500m", 1, 500},
    {"5.", "5", 5, 5000},
    {"1.000", "1", 1, 1000},
    {"1.0001", "1000100u", 2, 1001},
    {"3.14159", "3141590u", 4, 3142},
    {"0.5n", "1n", 1, 1},
    {"100n", "100n", 1, 1},
    {"1u", "1u", 1, 1},
    {"0.25Ki", "256", 256, 256000},
    {"0.3Ki", "307200m", 308, 307200},
    {"1.1Ki", "1126400m", 1127, 1126400},
    {"0.001Ki", "1024m", 2, 1024},
    {"-1500m", "-1500m", -2, -1500},
    {"-0.1m", "-100u", -1, -1},
    {"+", "0", 0, 0},
    {"-", "0", 0, 0},
    {".", "0", 0, 0},
    {"E", "0", 0, 0},
    {"Ti", "0", 0, 0},
    {"e5", "0", 0, 0},
    // Upstream's numbers for these overflow; the amounts themselves are the same.
    {"1e20", "100e18", kMax, kMax},
    {"1e100", "10e99", kMax, kMax},
    {"8Ei", "9223372036854775807", kMax, kMax},
    {"9Ei", "9223372036854775807", kMax, kMax},
    {"16Ei", "9223372036854775807", kMax, kMax},
    {"9223372036854775808", "9223372036854775808", kMax, kMax},
    {"99999999999999999999", "99999999999999999999", kMax, kMax},
    {"-1e100", "-10e99", kMin, kMin},
    {"-9Ei", "-9223372036854775807", -kMax, kMin},
};

TEST(Quantity, PrintsAndRoundsAsApimachinery) {
  for (const OracleRow& row : kOracle) {
    const auto parsed = Quantity::parse(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text << ": " << parsed.error().toString();
    EXPECT_EQ(parsed->toString(), row.canonical) << row.text;
    EXPECT_EQ(parsed->value(), row.value) << row.text;
    EXPECT_EQ(parsed->milliValue(), row.milli) << row.text;
  }
}

TEST(Quantity, RefusesWhatApimachineryRefuses) {
  for (const char* text :
       {"",         "1e",    "1..5",  "1 Gi",  " 1Gi", "1Gi ",  "1gi", "1K",
        "1ki",      "1Mi5",  "1Mie3", "1e3Mi", "0x10", "1_000", "--1", "1-",
        "1e+",      "1e++3", "1e+-3", "1Ee3",  "1mm",  "Gi1",   "1i",  "1e99999999999999999999",
        "\x31\xff", "1\n",   "١",     "1,5",   "Pi",   "Ei",    ".Ei", "e-10",
        "-.e-10",   "NaN",   "inf"}) {
    EXPECT_FALSE(Quantity::parse(text).has_value()) << '"' << text << '"';
  }
}

TEST(Quantity, ReadsItsOwnCanonicalTextBackAsTheSameAmount) {
  for (const OracleRow& row : kOracle) {
    const Quantity first = quantity(row.text);
    const Quantity second = quantity(first.toString());
    EXPECT_EQ(first, second) << row.text;
    EXPECT_EQ(first.toString(), second.toString()) << row.text;
  }
}

TEST(Quantity, KeepsEveryDigitOfAmountsBeyondIts128Bits) {
  const std::string digits = "1234567890123456789012345678901234567890123456789012345678901";
  EXPECT_EQ(quantity(digits).toString(), digits);
  EXPECT_EQ(quantity("-" + digits).toString(), "-" + digits);
  EXPECT_EQ(quantity(digits).value(), kMax);
  EXPECT_EQ(quantity("-" + digits).milliValue(), kMin);
  EXPECT_LT(quantity("1e30"), quantity(digits));
}

TEST(Quantity, FinerThanNanoIsRoundedUp) {
  EXPECT_EQ(quantity("0.0000000001").toString(), "1n");
  EXPECT_EQ(quantity("1.0000000001").toString(), "1000000001n");
  EXPECT_EQ(quantity("-0.0000000001").toString(), "-1n");
  EXPECT_EQ(quantity("1e-400").toString(), "1e-9");
  EXPECT_EQ(quantity("0.99999999999999999999999").toString(), "1");
  EXPECT_EQ(quantity("0.9999999999999Ki").toString(), "1Ki");
}

TEST(Quantity, HostileTextsAreAnsweredAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(quantity("1e2147483647").value(), kMax);
  EXPECT_EQ(quantity("-1e2147483647").milliValue(), kMin);
  EXPECT_EQ(quantity("1e2147483647").toString(), "10e2147483646");
  EXPECT_EQ(quantity("1e-2147483648").value(), 1);
  EXPECT_EQ(quantity("1234567890123456789e2147483647").value(), kMax);
  EXPECT_TRUE(Quantity::parse(std::string(256, '9')).has_value());
  EXPECT_FALSE(Quantity::parse(std::string(257, '9')).has_value());
  EXPECT_FALSE(Quantity::parse(std::string(1 << 20, '1')).has_value());
  Quantity sum = quantity("1");
  sum += quantity("1e2147483647");
  EXPECT_EQ(sum.value(), kMax);
  EXPECT_LT(sum.toString().size(), 400U);
  sum -= quantity("1e2147483647");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Quantity, AddsExactlyInTheFormatOfTheLeftOperand) {
  struct Row {
    const char* left;
    const char* right;
    const char* sum;
  };
  for (const Row& row :
       {Row{"1Gi", "500M", "1573741824"}, Row{"500M", "1Gi", "1573741824"}, Row{"0", "1Gi", "1Gi"},
        Row{"1Gi", "0", "1Gi"}, Row{"0.5", "0.5", "1"},
        Row{"1n", "1E", "1000000000000000000000000001n"}, Row{"100m", "-100m", "0"},
        Row{"4Ei", "4Ei", "8Ei"}, Row{"512Mi", "512Mi", "1Gi"}}) {
    Quantity sum = quantity(row.left);
    sum += quantity(row.right);
    EXPECT_EQ(sum.toString(), row.sum) << row.left << " + " << row.right;
    sum -= quantity(row.right);
    EXPECT_EQ(sum, quantity(row.left)) << row.left << " + " << row.right << " - " << row.right;
  }
}

TEST(Quantity, SumsThatDoNotFitLosePrecisionButNotMagnitude) {
  Quantity sum = quantity("1e50");
  sum += quantity("1n");
  EXPECT_EQ(sum.value(), kMax);
  EXPECT_GT(sum, quantity("1e49"));
  Quantity big = quantity("9223372036854775807");
  for (int i = 0; i < 200; ++i) big += Quantity(big);
  EXPECT_EQ(big.value(), kMax);
  EXPECT_GT(big, quantity("1e70"));
}

TEST(Quantity, ComparesAmountsNotTexts) {
  EXPECT_EQ(quantity("1"), quantity("1000m"));
  EXPECT_EQ(quantity("1Ki"), quantity("1024"));
  EXPECT_EQ(quantity("1e3"), quantity("1k"));
  EXPECT_LT(quantity("999m"), quantity("1"));
  EXPECT_LT(quantity("-2"), quantity("-1"));
  EXPECT_LT(quantity("-1e100"), quantity("1n"));
  EXPECT_GT(quantity("1e100"), quantity("1e99"));
  EXPECT_LT(quantity("1e99"), quantity("1e100"));
  EXPECT_LT(quantity("-1e100"), quantity("-1e99"));
  EXPECT_EQ(quantity("0"), quantity("0Gi"));
}

TEST(Quantity, BuildsFromIntegers) {
  EXPECT_EQ(Quantity::fromInteger(1536, Quantity::Format::kBinarySi).toString(), "1536");
  EXPECT_EQ(Quantity::fromInteger(2048, Quantity::Format::kBinarySi).toString(), "2Ki");
  EXPECT_EQ(Quantity::fromMilli(1500).toString(), "1500m");
  EXPECT_EQ(Quantity::fromInteger(kMin).value(), kMin);
  EXPECT_EQ(Quantity::fromInteger(kMin).toString(), "-9223372036854775808");
  EXPECT_EQ(Quantity::fromMilli(kMin).milliValue(), kMin);
  EXPECT_TRUE(Quantity().isZero());
  EXPECT_EQ(Quantity().toString(), "0");
}

}  // namespace
}  // namespace stowage::kubeapi
