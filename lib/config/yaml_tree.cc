#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>
#include <unordered_map>
#include <utility>

namespace stowage::config {

namespace {

Place placeOf(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Leaves yaml-cpp's parser early; caught in parseYaml.
struct Refused {
  Place place;
  std::string what;
  std::string advice;
};

// Reads the text in place: a copy per stringstream would double a hostile file.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // get area only: never written
    setg(begin, begin, begin + text.size());
  }
};

bool knownTag(const std::string& tag) {
  // "?" plain, "!" quoted, "" none: YAML's own resolution. Others change types behind our back.
  return tag.empty() || tag == "?" || tag == "!";
}

bool isNullText(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}

  YamlNodePtr takeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = std::make_shared<YamlNode>();
    node->place = placeOf(mark);
    addValue(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const Place place = placeOf(mark);
    checkTag(place, tag);
    if (value.size() > limits_.scalar_bytes) {
      throw Refused{place, fmt::format("a value of {} bytes is too long", value.size()),
                    fmt::format("values may have {} bytes", limits_.scalar_bytes)};
    }
    if (!stack_.empty() && stack_.back().node->kind == YamlNode::Kind::kMap &&
        !stack_.back().has_key) {
      stack_.back().key = {value, place, nullptr};
      stack_.back().has_key = true;
      return;
    }
    auto node = std::make_shared<YamlNode>();
    node->place = place;
    node->plain = tag != "!";
    node->kind = node->plain && isNullText(value) ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar;
    node->text = value;
    addValue(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{placeOf(mark), "an alias refers to the value that contains it", "write it out"};
    }
    addValue(found->second, YAML::NullAnchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    YamlMember key;
    bool has_key = false;
  };

  static void checkTag(Place place, const std::string& tag) {
    if (!knownTag(tag)) {
      throw Refused{place, fmt::format("tag {} is not supported", quoted(tag)), "remove the tag"};
    }
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    const Place place = placeOf(mark);
    checkTag(place, tag);
    if (stack_.size() >= limits_.depth) {
      throw Refused{
          place, fmt::format("values are nested deeper than {} levels", limits_.depth), {}};
    }
    if (!stack_.empty() && stack_.back().node->kind == YamlNode::Kind::kMap &&
        !stack_.back().has_key) {
      throw Refused{place, "a list or map is used as a key", "keys are plain text"};
    }
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->place = place;
    stack_.push_back({std::move(node), anchor, {}, false});
  }

  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    addValue(std::move(done.node), done.anchor);
  }

  void addValue(YamlNodePtr node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    parent.node->expanded += node->expanded;
    // Checked at every level, so sums stay far below overflow.
    if (parent.node->expanded > limits_.nodes || ++seen_ > limits_.nodes) {
      throw Refused{node->place, fmt::format("more than {} values", limits_.nodes),
                    "make the file smaller; aliases count every time they are used"};
    }
    if (parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->items.push_back(std::move(node));
      return;
    }
    if (!parent.has_key) {
      throw Refused{node->place, "an alias, or nothing, is used as a key", "keys are plain text"};
    }
    parent.key.value = std::move(node);
    parent.node->members.push_back(std::move(parent.key));
    parent.key = {};
    parent.has_key = false;
  }

  const YamlLimits limits_;
  std::vector<Open> stack_;
  std::unordered_map<YAML::anchor_t, YamlNodePtr> anchors_;
  YamlNodePtr root_;
  std::size_t seen_ = 0;
};

class NothingAllowed final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    throw Refused{placeOf(mark), "a second document", "put one object into the file"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

YamlNodePtr parseYaml(std::string_view text, Problems& problems, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    problems.add({}, {}, fmt::format("the file has {} bytes", text.size()),
                 fmt::format("at most {} are read", limits.bytes));
    return nullptr;
  }
  if (text.find('\0') != std::string_view::npos) {
    problems.add({}, {}, "the file contains a NUL byte", "save it as UTF-8 text");
    return nullptr;
  }
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    TreeBuilder builder(limits);
    if (!parser.HandleNextDocument(builder)) {
      problems.add({}, {}, "the file is empty");
      return nullptr;
    }
    NothingAllowed nothing;
    parser.HandleNextDocument(nothing);
    return builder.takeRoot();
  } catch (const Refused& refused) {
    problems.add(refused.place, {}, refused.what, refused.advice);
  } catch (const YAML::Exception& error) {
    problems.add(placeOf(error.mark), {}, fmt::format("not valid YAML: {}", error.msg));
  } catch (const std::exception& error) {
    problems.add({}, {}, fmt::format("not valid YAML: {}", error.what()));
  }
  return nullptr;
}

}  // namespace stowage::config
