// JsonScan: finds the borders of values in JSON text without reading what is inside them, so that
// one broken object inside a page or a watch event costs that object only. String-aware, iterative,
// linear, no allocation. It does not validate: what it delimits must still be parsed.
// Views point into the scanned text. Not thread safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stowage::kubeapi {

// Walks the members of an object or the elements of an array:
//   JsonScan scan(text);
//   while (scan.next()) use(scan.key(), scan.value());
//   if (!scan.ok()) ...
class JsonScan {
 public:
  // `text` is one JSON object or array with optional blanks around it.
  explicit JsonScan(std::string_view text);

  // Moves to the next member; false at the end or at an error.
  bool next();
  // False when the text is not an object or array, is cut off, or goes on after its end.
  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] bool isObject() const { return object_; }
  // The member's name without quotes (escapes decoded); empty in arrays.
  [[nodiscard]] std::string_view key() const { return key_; }
  // The member's value, without blanks around it.
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  bool finish();
  bool readKey();
  bool skipValue();
  bool skipString();
  void skipBlanks();
  [[nodiscard]] bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool fail() {
    failed_ = true;
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view key_;
  std::string_view value_;
  std::string decoded_key_;
  bool object_ = false;
  bool first_ = true;
  bool done_ = false;
  bool failed_ = false;
};

// The string that `value` (JSON text of a string) stands for; nullopt when it is no valid string.
std::optional<std::string> decodeJsonString(std::string_view value);

}  // namespace stowage::kubeapi
