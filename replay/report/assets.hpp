#pragma once

// The page's own files (replay/report/page, third_party/uplot), embedded when the library is built
// (cmake/embed_page.cmake).

#include <string_view>

namespace fenceline::replay::report::assets {

extern const std::string_view markup;  // the HTML around it all, with {{places}}
extern const std::string_view script;  // every .js file, in order
extern const std::string_view style;   // every .css file
// SHA-256 of the two above, in hexadecimal: what the content security policy allows.
extern const std::string_view script_hash;
extern const std::string_view style_hash;

}  // namespace fenceline::replay::report::assets
