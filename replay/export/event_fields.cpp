#include "replay/export/event_fields.hpp"

#include <array>
#include <utility>

namespace fenceline::replay {

bool make_payload(std::uint8_t kind, Payload& out) {
    using Make = Payload (*)();
    static constexpr auto makers = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<Make, sizeof...(I)>{
            []() -> Payload { return std::variant_alternative_t<I, Payload>{}; }...};
    }
    (std::make_index_sequence<std::variant_size_v<Payload>>());
    if (kind >= makers.size()) return false;
    out = makers[kind]();
    return true;
}

}  // namespace fenceline::replay
