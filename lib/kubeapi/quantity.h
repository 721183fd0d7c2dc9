// Quantity: a Kubernetes resource amount ("100m", "1.5Gi", "1e3"), kept exact where apimachinery is
// exact. Value type. Source: apimachinery api/resource/quantity.go, v0.36.3.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/symbols.h"

namespace stowage::kubeapi {

class Quantity {
 public:
  enum class Format : std::uint8_t { kDecimalSi, kBinarySi, kDecimalExponent };

  Quantity() = default;  // zero
  static Quantity fromInteger(std::int64_t value, Format format = Format::kDecimalSi);
  static Quantity fromMilli(std::int64_t milli);
  // Accepts exactly what apimachinery's ParseQuantity accepts, and never needs more than bounded
  // work: inputs longer than 256 bytes are refused. Amounts beyond what is represented saturate in
  // value() and milliValue() and keep their canonical text.
  static base::Result<Quantity> parse(std::string_view text);

  // Whole units, rounded away from zero, saturating at the limits of int64.
  [[nodiscard]] std::int64_t value() const;
  // Thousandths, rounded away from zero, saturating (upstream overflows silently;
  // docs/deviations.md).
  [[nodiscard]] std::int64_t milliValue() const;
  [[nodiscard]] bool isZero() const;
  [[nodiscard]] bool isNegative() const;
  // Canonical text as upstream prints it. One difference: amounts of 10^21 and more in decimal
  // format keep the suffix E, where upstream drops the suffix and prints a wrong number.
  [[nodiscard]] std::string toString() const;
  [[nodiscard]] Format format() const { return format_; }

  // Exact as long as the sum fits 38 decimal digits; beyond that the smaller operand is rounded
  // away from zero to the larger one's precision. Zero takes over the format of `other`.
  Quantity& operator+=(const Quantity& other);
  Quantity& operator-=(const Quantity& other);
  // Compares amounts, not text: "1" == "1000m". Amounts of more than 38 digits compare by their
  // first 37.
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b);
  friend bool operator==(const Quantity& a, const Quantity& b) { return (a <=> b) == 0; }

  // 128 bits as two words, so that a Quantity aligns to 8 bytes: lists of them are most of a pod.
  __extension__ using Wide = __int128;

 private:
  friend class QuantityParser;

  [[nodiscard]] Wide mantissa() const;
  void setMantissa(Wide mantissa);
  void add(const Quantity& other, bool negate);
  [[nodiscard]] std::int64_t scaled(int scale) const;
  [[nodiscard]] bool isWhole() const;
  [[nodiscard]] std::string decimalText(Format format) const;

  // Amount = mantissa * 10^exponent_ (binary suffixes are multiplied out).
  std::uint64_t low_ = 0;
  std::int64_t high_ = 0;
  base::Symbol canonical_;  // set only when the amount has more digits than the mantissa holds
  std::int32_t exponent_ = 0;
  Format format_ = Format::kDecimalSi;
};

}  // namespace stowage::kubeapi
