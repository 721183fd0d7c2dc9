#include "conformance/apimachinery_oracle.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "stowage_paths.h"
#include "testing/process/child_process.h"

namespace stowage::conformance {

namespace {

[[noreturn]] void die(const std::string& what, const std::string& output) {
  std::cerr << what << "\n" << output << "\n";
  std::exit(1);
}

}  // namespace

std::string buildOracle(const std::string& name) {
  const std::string binary = STOWAGE_BINARY_DIR "/oracle_" + name;
  const std::string module = STOWAGE_SOURCE_DIR "/tests/controlplane";
  const auto built =
      testing::runCommand({"go", "build", "-C", module, "-o", binary, "./oracle/" + name}, {},
                          std::chrono::minutes(15));
  if (built.exit_code != 0) {
    die("The oracle could not be built. It needs Go (see tests/controlplane/go.mod for the "
        "version).",
        built.output);
  }
  return binary;
}

namespace {

std::vector<std::string> splitAt(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t at = text.find(separator); at != std::string::npos;
       at = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, at - begin));
    begin = at + 1;
  }
  if (begin < text.size()) parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::string> ask(const std::string& binary, const std::vector<std::string>& questions) {
  std::string input;
  for (const std::string& line : questions) input += line + "\n";
  const auto result = testing::runCommand({binary}, input);
  std::vector<std::string> answers = splitAt(result.output, '\n');
  if (result.exit_code != 0 || answers.size() != questions.size()) {
    die(fmt::format("The oracle answered {} of {} questions.", answers.size(), questions.size()),
        result.output.substr(0, 2000));
  }
  return answers;
}

}  // namespace

std::string question(std::string_view verb, const std::vector<std::string>& texts) {
  std::string line(verb);
  for (const std::string& text : texts) {
    line += ' ';
    for (const char c : text) line += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return line;
}

std::vector<std::vector<std::string>> askApimachinery(const std::vector<std::string>& questions) {
  static const std::string binary = buildOracle("quantity");
  std::vector<std::vector<std::string>> answers;
  for (const std::string& line : ask(binary, questions)) answers.push_back(splitAt(line, ' '));
  return answers;
}

std::vector<std::string> askKubeScheduler(const std::vector<std::string>& questions) {
  static const std::string binary = buildOracle("pods");
  return ask(binary, questions);
}

}  // namespace stowage::conformance
