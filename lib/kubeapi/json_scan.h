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
// or, to look into a large value without passing over it twice:
//   JsonScan inner = scan.enter();
//   while (inner.next()) use(inner.value());
//   scan.leave(inner);
class JsonScan {
 public:
  // `text` is one JSON object or array with optional blanks around it.
  explicit JsonScan(std::string_view text);

  // Moves to the next member; false at the end or at an error.
  bool next();
  // False when the text is not an object or array, is cut off, or goes on after its end. Final only
  // after next() has returned false.
  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] bool isObject() const { return object_; }
  // The member's name without quotes (escapes decoded); empty in arrays.
  [[nodiscard]] std::string_view key() const { return key_; }
  // The member's value, without blanks around it; empty when it is cut off, which fails the scan.
  std::string_view value();
  // The first character of the member's value; 0 at the end of the text.
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // A scan of the member's value, which must then be walked to its end and given to leave().
  [[nodiscard]] JsonScan enter() const;
  void leave(const JsonScan& inner);

 private:
  JsonScan(std::string_view text, std::size_t at);
  void open();
  bool finish();
  bool readKey();
  bool skipValue();
  bool skipString();
  bool skipNested();
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
  bool nested_ = false;   // text goes on behind the value
  bool pending_ = false;  // the member's value is not passed yet
  bool first_ = true;
  bool done_ = false;
  bool failed_ = false;
};

// The string that `value` (JSON text of a string) stands for; nullopt when it is no valid string.
std::optional<std::string> decodeJsonString(std::string_view value);

}  // namespace stowage::kubeapi
