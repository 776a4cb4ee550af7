#include "tools/import/workers.hpp"

#include "events/limits.hpp"
#include "tools/exec/request.hpp"
#include "tools/exec/strict_json.hpp"

namespace fenceline::tools {

Result<void> WorkerImport::take(std::int64_t number, std::string_view text) {
    failed_line_ = number;
    auto object = parse_object(text);
    if (!object) return fail(ErrorCode::invalid_request, object.error());
    if (!object->contains("op")) (*object)["op"] = "adopt";
    if ((*object)["op"] != "adopt")
        return fail(ErrorCode::invalid_request, "it is neither a worker nor a line of an export",
                    "fenceline exec takes operations");
    auto line = parse_line(line_of(*object), {});
    if (const auto* malformed = std::get_if<Malformed>(&line.what))
        return fail(ErrorCode::invalid_request, malformed->why);
    batch_.push_back(std::move(std::get<Command>(line.what)));
    lines_.push_back(number);
    return batch_.size() < limits::batch_operations ? Result<void>{} : end();
}

Result<void> WorkerImport::end() {
    const auto answers = store_.apply(batch_);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        failed_line_ = lines_[i];
        if (!answers[i]) return tl::unexpected<Error>(answers[i].error());
        if (!answers[i]->transitioned())
            return fail(ErrorCode::invalid_request,
                        "worker " + std::to_string(answers[i]->worker.value) +
                            " could not be adopted: " + std::string(to_text(answers[i]->outcome)));
        ++adopted_;
    }
    batch_.clear();
    lines_.clear();
    return {};
}

}  // namespace fenceline::tools
