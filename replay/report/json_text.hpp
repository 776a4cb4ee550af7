#pragma once

// JSON as text, appended piece by piece: columns of a million numbers need no tree.
//
//   JsonText json;
//   json.open('{').key("title").text(title).key("at").open('[').number(1).number(2).close(']')
//       .close('}');
//   std::string out = std::move(json).take();
//
// Texts are escaped; `<` too, so that no text ends the element of a page that holds the JSON.

#include <cstdint>
#include <string>
#include <string_view>

namespace fenceline::replay::report {

class JsonText {
  public:
    JsonText& open(char bracket);
    JsonText& close(char bracket);
    JsonText& key(std::string_view name);
    JsonText& text(std::string_view text);
    JsonText& number(std::int64_t number);

    [[nodiscard]] std::string take() && { return std::move(out_); }

  private:
    void separate();
    void escaped(std::string_view text);

    std::string out_;
    bool first_ = true;  // nothing stands before it in its bracket
};

}  // namespace fenceline::replay::report
