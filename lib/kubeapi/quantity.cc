#include "kubeapi/quantity.h"

#include <algorithm>
#include <limits>

#include "kubeapi/quantity_text.h"

namespace stowage::kubeapi {

namespace {

using Wide = Quantity::Wide;
__extension__ using UnsignedWide = unsigned __int128;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr int kWideDigits = 38;  // 10^38 fits a Wide, 10^39 does not
constexpr std::int32_t kLargestSiExponent = 18;
constexpr std::int32_t kLongestSiExponent = 300;

Wide powerOfTen(int exponent) {
  Wide power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// mantissa * 10^exponent; false when that does not fit.
bool scaleUp(Wide& mantissa, std::int64_t exponent) {
  if (mantissa == 0) return true;
  if (exponent > kWideDigits) return false;
  return !__builtin_mul_overflow(mantissa, powerOfTen(static_cast<int>(exponent)), &mantissa);
}

// mantissa / 10^exponent, rounded away from zero.
Wide scaleDown(Wide mantissa, std::int64_t exponent) {
  if (exponent > kWideDigits) return mantissa > 0 ? 1 : mantissa < 0 ? -1 : 0;
  const Wide divisor = powerOfTen(static_cast<int>(exponent));
  const Wide quotient = mantissa / divisor;
  if (mantissa % divisor == 0) return quotient;
  return mantissa > 0 ? quotient + 1 : quotient - 1;
}

std::string wideText(Wide value) {
  const bool negative = value < 0;
  UnsignedWide rest =
      negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value);
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest > 0);
  if (negative) text.push_back('-');
  std::reverse(text.begin(), text.end());
  return text;
}

std::string binaryText(Wide amount) {
  constexpr std::string_view kSuffixes = "KMGTPE";
  std::size_t times = 0;
  while (times < kSuffixes.size() && amount % 1024 == 0) {
    amount /= 1024;
    ++times;
  }
  std::string text = wideText(amount);
  if (times > 0) text.append(1, kSuffixes[times - 1]).append("i");
  return text;
}

}  // namespace

std::string canonicalQuantityText(std::string digits, std::int32_t exponent,
                                  Quantity::Format format) {
  if (exponent > kLongestSiExponent) format = Quantity::Format::kDecimalExponent;
  const bool si = format == Quantity::Format::kDecimalSi;
  while (exponent % 3 != 0 || (si && exponent > kLargestSiExponent)) {
    digits.push_back('0');
    --exponent;
  }
  if (exponent == 0) return digits;
  // Sums may reach below nano only through binary formats, which have no decimal suffix there.
  if (!si || exponent < -9) return digits + "e" + std::to_string(exponent);
  constexpr std::string_view kSuffixes = "num kMGTPE";
  return digits + kSuffixes[static_cast<std::size_t>(exponent / 3 + 3)];
}

Wide Quantity::mantissa() const {
  return static_cast<Wide>((static_cast<UnsignedWide>(high_) << 64) | low_);
}

void Quantity::setMantissa(Wide mantissa) {
  low_ = static_cast<std::uint64_t>(mantissa);
  high_ = static_cast<std::int64_t>(mantissa >> 64);
}

Quantity Quantity::fromInteger(std::int64_t value, Format format) {
  Quantity quantity;
  quantity.setMantissa(value);
  quantity.format_ = format;
  return quantity;
}

Quantity Quantity::fromMilli(std::int64_t milli) {
  Quantity quantity = fromInteger(milli);
  quantity.exponent_ = -3;
  return quantity;
}

std::int64_t Quantity::scaled(int scale) const {
  Wide amount = mantissa();
  const std::int64_t shift = std::int64_t(exponent_) - scale;
  if (shift < 0) {
    amount = scaleDown(amount, -shift);
  } else if (shift > 0 && !scaleUp(amount, shift)) {
    return isNegative() ? kMin : kMax;
  }
  return static_cast<std::int64_t>(std::clamp<Wide>(amount, kMin, kMax));
}

std::int64_t Quantity::value() const { return scaled(0); }
std::int64_t Quantity::milliValue() const { return scaled(-3); }
bool Quantity::isZero() const { return low_ == 0 && high_ == 0; }
bool Quantity::isNegative() const { return high_ < 0; }

bool Quantity::isWhole() const {
  if (exponent_ >= 0) return true;
  if (-exponent_ > kWideDigits) return isZero();
  return mantissa() % powerOfTen(-exponent_) == 0;
}

std::string Quantity::decimalText(Format format) const {
  Wide amount = mantissa();
  std::int32_t exponent = exponent_;
  while (amount % 10 == 0 && exponent < std::numeric_limits<std::int32_t>::max()) {
    amount /= 10;
    ++exponent;
  }
  return canonicalQuantityText(wideText(amount), exponent, format);
}

std::string Quantity::toString() const {
  if (isZero()) return "0";
  if (!canonical_.empty()) return canonical_.str();
  if (format_ != Format::kBinarySi) return decimalText(format_);
  // Small or fractional binary amounts print decimal, so that nothing is rounded.
  const bool small = *this < fromInteger(1024) && *this > fromInteger(-1024);
  Wide amount = mantissa();
  if (small || !isWhole() || (exponent_ > 0 && !scaleUp(amount, exponent_))) {
    return decimalText(Format::kDecimalSi);
  }
  return binaryText(exponent_ < 0 ? scaleDown(amount, -std::int64_t(exponent_)) : amount);
}

void Quantity::add(const Quantity& other, bool negate) {
  if (isZero()) format_ = other.format_;
  if (other.isZero()) return;
  Wide left = mantissa();
  Wide right = negate ? -other.mantissa() : other.mantissa();
  canonical_ = base::Symbol();
  if (left == 0) {
    setMantissa(right);
    exponent_ = other.exponent_;
    return;
  }
  // Bring both to the finer exponent; where that does not fit, or the sum does not, to a coarser
  // one.
  std::int64_t exponent = std::min(exponent_, other.exponent_);
  Wide sum = 0;
  while (true) {
    Wide a = left;
    Wide b = right;
    const auto bring = [exponent](Wide& mantissa, std::int64_t from) {
      if (from >= exponent) return scaleUp(mantissa, from - exponent);
      mantissa = scaleDown(mantissa, exponent - from);
      return true;
    };
    if (bring(a, exponent_) && bring(b, other.exponent_) && !__builtin_add_overflow(a, b, &sum)) {
      break;
    }
    // At most 39 steps below the larger exponent are worth trying one by one.
    exponent = std::max<std::int64_t>(
        exponent + 1, std::int64_t(std::max(exponent_, other.exponent_)) - kWideDigits - 1);
  }
  setMantissa(sum);
  exponent_ = static_cast<std::int32_t>(
      std::min<std::int64_t>(exponent, std::numeric_limits<std::int32_t>::max()));
}

Quantity& Quantity::operator+=(const Quantity& other) {
  add(other, false);
  return *this;
}

Quantity& Quantity::operator-=(const Quantity& other) {
  add(other, true);
  return *this;
}

std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) {
  Wide left = a.mantissa();
  Wide right = b.mantissa();
  const int left_sign = (left > 0) - (left < 0);
  const int right_sign = (right > 0) - (right < 0);
  if (left_sign != right_sign || left_sign == 0) return left_sign <=> right_sign;
  const std::int64_t shift = std::int64_t(a.exponent_) - b.exponent_;
  // What does not fit after scaling up is larger in magnitude than anything that does.
  if (shift > 0 && !scaleUp(left, shift)) return left_sign <=> 0;
  if (shift < 0 && !scaleUp(right, -shift)) return 0 <=> right_sign;
  return left <=> right;
}

}  // namespace stowage::kubeapi
