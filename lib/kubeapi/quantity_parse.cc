// Parsing of quantities. Follows ParseQuantity of apimachinery api/resource/quantity.go (v0.36.3)
// rule by rule, including its oddities ("." is zero, exponents wrap at 32 bits), but on decimal
// text of bounded length instead of big integers.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "kubeapi/quantity.h"
#include "kubeapi/quantity_text.h"

namespace stowage::kubeapi {

namespace {

constexpr std::size_t kMaxText = 256;
constexpr int kNano = -9;                // finer amounts are rounded up to this
constexpr std::size_t kFastDigits = 18;  // always fit int64
constexpr std::size_t kMantissaDigits = 37;

using Format = Quantity::Format;

struct Suffix {
  int base = 10;
  std::int32_t exponent = 0;
  Format format = Format::kDecimalSi;
};

// The text cut into sign, digits before and after the point, and suffix.
struct Parts {
  bool negative = false;
  bool has_digits = false;
  std::string_view whole;  // without leading zeros; may be empty
  std::string_view fraction;
  std::string_view suffix;
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view takeDigits(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && isDigit(text[end])) ++end;
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

// Letters, an optional sign, digits, and then nothing.
bool isSuffixShape(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && std::string_view("eEinumkKMGTP").find(text[at]) != text.npos) ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  while (at < text.size() && isDigit(text[at])) ++at;
  return at == text.size();
}

bool split(std::string_view text, Parts& parts) {
  if (text.front() == '-' || text.front() == '+') {
    parts.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::string_view whole = takeDigits(text);
  parts.whole = whole.substr(std::min(whole.find_first_not_of('0'), whole.size()));
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts.fraction = takeDigits(text);
  }
  parts.has_digits = !whole.empty() || !parts.fraction.empty();
  parts.suffix = text;
  return isSuffixShape(text);
}

bool interpretExponent(std::string_view text, Suffix& out) {
  if (text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  std::int64_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  // Upstream keeps the low 32 bits.
  out = {10, static_cast<std::int32_t>(exponent), Format::kDecimalExponent};
  return true;
}

bool interpretSuffix(std::string_view text, Suffix& out) {
  if (text.empty()) return true;
  constexpr std::string_view kDecimal = "num kMGTPE";  // position 3 is the absent suffix
  constexpr std::string_view kBinary = "KMGTPE";
  if (text.size() == 1 && text != " ") {
    const std::size_t at = kDecimal.find(text.front());
    if (at == std::string_view::npos) return false;
    out.exponent = (static_cast<std::int32_t>(at) - 3) * 3;
    return true;
  }
  if (text.size() == 2 && text[1] == 'i') {
    const std::size_t at = kBinary.find(text.front());
    if (at == std::string_view::npos) return false;
    out = {2, static_cast<std::int32_t>(at + 1) * 10, Format::kBinarySi};
    return true;
  }
  if (text.front() != 'e' && text.front() != 'E') return false;
  return interpretExponent(text.substr(1), out);
}

// Decimal text times 2^bits. The text holds at most kMaxText digits, bits at most 60.
std::string timesPowerOfTwo(std::string_view digits, int bits) {
  std::string product(digits);
  for (int done = 0; done < bits; done += 10) {
    std::uint32_t carry = 0;
    for (std::size_t i = product.size(); i-- > 0;) {
      const std::uint32_t sum = static_cast<std::uint32_t>(product[i] - '0') * 1024U + carry;
      product[i] = static_cast<char>('0' + sum % 10);
      carry = sum / 10;
    }
    if (carry > 0) product.insert(0, std::to_string(carry));
  }
  return product;
}

void increment(std::string& digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return;
    }
    digits[i] = '0';
  }
  digits.insert(0, "1");
}

void stripLeadingZeros(std::string& digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
}

// Cuts the last `count` digits off and rounds away from zero.
void cutRoundingUp(std::string& digits, std::int64_t count) {
  const std::size_t cut = static_cast<std::size_t>(
      std::min<std::int64_t>(count, static_cast<std::int64_t>(digits.size())));
  const bool inexact = digits.find_first_not_of('0', digits.size() - cut) != std::string::npos;
  digits.resize(digits.size() - cut);
  if (inexact) increment(digits);
}

}  // namespace

// Builds a Quantity from parts; a friend, so that the value type's fields stay private.
class QuantityParser {
 public:
  static base::Result<Quantity> parse(std::string_view text) {
    Parts parts;
    Suffix suffix;
    if (text.empty() || text.size() > kMaxText || !split(text, parts)) {
      return base::fail(base::Code::kInvalidArgument, "not a quantity");
    }
    if (!interpretSuffix(parts.suffix, suffix)) {
      return base::fail(base::Code::kInvalidArgument, "unknown suffix of a quantity");
    }
    Quantity quantity;
    quantity.format_ = suffix.format;
    if (!parts.has_digits && needsDigits(suffix)) {
      return base::fail(base::Code::kInvalidArgument, "no digits in a quantity");
    }
    if (!parseFast(parts, suffix, quantity)) parseSlow(parts, suffix, quantity);
    if (parts.negative) {
      quantity.setMantissa(-quantity.mantissa());
      if (!quantity.canonical_.empty()) quantity.canonical_ = "-" + quantity.canonical_.str();
    }
    return quantity;
  }

 private:
  // Upstream takes "m" and "Gi" for zero, but not with suffixes for which it goes through big
  // decimals.
  static bool needsDigits(const Suffix& suffix) {
    return suffix.base == 2 ? suffix.exponent >= 50 : suffix.exponent < kNano;
  }

  // Up to 18 digits and no rounding: nearly every quantity there is.
  static bool parseFast(const Parts& parts, const Suffix& suffix, Quantity& out) {
    const std::size_t whole_digits = std::max<std::size_t>(parts.whole.size(), 1);
    std::int32_t exponent = 0;
    Quantity::Wide factor = 1;
    if (suffix.base == 10) {
      if (whole_digits + parts.fraction.size() > kFastDigits) return false;
      exponent = wrappingSub(suffix.exponent, static_cast<std::int32_t>(parts.fraction.size()));
      if (exponent < kNano) return false;
    } else {
      if (!parts.fraction.empty() || whole_digits > kFastDigits) return false;
      factor = Quantity::Wide(1) << suffix.exponent;
    }
    std::int64_t digits = 0;
    for (const char c : parts.whole) digits = digits * 10 + (c - '0');
    for (const char c : parts.fraction) digits = digits * 10 + (c - '0');
    Quantity::Wide amount = digits * factor;
    if (suffix.base == 2) amount = std::min(amount, kBinaryCap);
    out.exponent_ = exponent;
    out.setMantissa(amount);
    return true;
  }

  static void parseSlow(const Parts& parts, const Suffix& suffix, Quantity& out) {
    std::string digits;
    digits.reserve(kMaxText + 24);
    digits.append(parts.whole).append(parts.fraction);
    const std::int32_t places = static_cast<std::int32_t>(parts.fraction.size());
    std::int64_t exponent = -std::int64_t(places);
    if (suffix.base == 2) {
      digits = timesPowerOfTwo(digits, suffix.exponent);
    } else {
      exponent = wrappingSub(suffix.exponent, places);
    }
    stripLeadingZeros(digits);
    if (digits.empty()) return;  // zero, with the suffix's format
    if (exponent < kNano) {
      cutRoundingUp(digits, kNano - exponent);
      exponent = kNano;
    }
    while (digits.size() > 1 && digits.back() == '0' &&
           exponent < std::numeric_limits<std::int32_t>::max()) {
      digits.pop_back();
      ++exponent;
    }
    store(std::move(digits), static_cast<std::int32_t>(exponent), suffix, out);
  }

  // `digits` has no leading zeros and, except for a single digit, no trailing ones.
  static void store(std::string digits, std::int32_t exponent, const Suffix& suffix,
                    Quantity& out) {
    if (suffix.base == 2) {
      const std::int64_t whole_digits = static_cast<std::int64_t>(digits.size()) + exponent;
      if (whole_digits <= 0) out.format_ = Format::kDecimalSi;  // below one
      if (whole_digits > 19) {
        out.setMantissa(kBinaryCap);
        return;
      }
    }
    out.exponent_ = exponent;
    const bool exact = digits.size() <= kMantissaDigits;
    const std::string all = exact ? std::string() : digits;
    if (!exact) {
      const std::int64_t excess = static_cast<std::int64_t>(digits.size() - kMantissaDigits);
      cutRoundingUp(digits, excess);
      out.exponent_ = clampExponent(std::int64_t(exponent) + excess);
    }
    Quantity::Wide mantissa = 0;
    for (const char c : digits) mantissa = mantissa * 10 + (c - '0');
    out.setMantissa(mantissa);
    if (suffix.base == 2) capBinary(out);
    if (!exact && out.format_ != Format::kBinarySi) {
      out.canonical_ = canonicalQuantityText(all, exponent, out.format_);
    }
  }

  static void capBinary(Quantity& out) {
    Quantity cap;
    cap.setMantissa(kBinaryCap);
    if (out <= cap) return;
    out.setMantissa(kBinaryCap);
    out.exponent_ = 0;
  }

  static std::int32_t wrappingSub(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
  }
  static std::int32_t clampExponent(std::int64_t exponent) {
    return static_cast<std::int32_t>(
        std::min<std::int64_t>(exponent, std::numeric_limits<std::int32_t>::max()));
  }

  static constexpr Quantity::Wide kBinaryCap = std::numeric_limits<std::int64_t>::max();
};

base::Result<Quantity> Quantity::parse(std::string_view text) {
  return QuantityParser::parse(text);
}

}  // namespace stowage::kubeapi
