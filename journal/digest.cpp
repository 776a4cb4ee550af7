#include "journal/digest.hpp"

#include <sodium.h>

#include "journal/chain.hpp"

namespace fenceline {

std::string digest_hex(std::string_view bytes) {
    ChainHash hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                       0);
    return to_hex(hash);
}

}  // namespace fenceline
