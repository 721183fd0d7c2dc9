// Quantity: a Kubernetes resource amount ("100m", "1.5Gi", "1e3"), kept exact where apimachinery is
// exact. Value type. Source: apimachinery api/resource/quantity.go, v0.36.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace stowage::kubeapi {

class Quantity {
 public:
  enum class Format { kDecimalSi, kBinarySi, kDecimalExponent };

  Quantity() = default;  // zero
  static Quantity fromInteger(std::int64_t value, Format format = Format::kDecimalSi);
  static Quantity fromMilli(std::int64_t milli);
  // Accepts exactly what apimachinery's ParseQuantity accepts, and never needs more than bounded
  // work: inputs longer than 256 bytes are refused. Amounts beyond what is represented saturate in
  // value() and milliValue() and keep their canonical text.
  static base::Result<Quantity> parse(std::string_view text);

  // Whole units, rounded up (towards +infinity), saturating at the limits of int64.
  [[nodiscard]] std::int64_t value() const;
  // Thousandths, rounded up, saturating (upstream overflows silently; docs/deviations.md).
  [[nodiscard]] std::int64_t milliValue() const;
  [[nodiscard]] bool isZero() const;
  [[nodiscard]] bool isNegative() const;
  // Canonical text as upstream prints it.
  [[nodiscard]] std::string toString() const;
  [[nodiscard]] Format format() const { return format_; }

  Quantity& operator+=(const Quantity& other);
  Quantity& operator-=(const Quantity& other);
  // Compares amounts, not text: "1" == "1000m".
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b);
  friend bool operator==(const Quantity& a, const Quantity& b) { return (a <=> b) == 0; }

 private:
  // Amount = mantissa_ * 10^exponent_ (binary suffixes are multiplied out). 128 bits hold every
  // amount upstream accepts in int64 form at nano precision; larger ones keep a positive exponent.
  __extension__ using Wide = __int128;
  Wide mantissa_ = 0;
  int exponent_ = 0;
  Format format_ = Format::kDecimalSi;
};

}  // namespace stowage::kubeapi
