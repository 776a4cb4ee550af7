#pragma once

// The cluster that the pods live in, as it really is; control planes learn of it late or never.
//
// Threading: as a std::vector.

#include <map>
#include <string>
#include <vector>

#include "events/ids.hpp"
#include "events/time.hpp"
#include "tools/simulator/settings.hpp"

namespace fenceline::tools {

struct Pod {
    std::string image;
    Time created_at;
    bool answers = true;        // its process is well
    bool node_is_gone = false;  // and so is the pod: only the journal still knows it
};

class Pods {
  public:
    Pods(std::uint64_t seed, const Conditions& conditions)
        : conditions_(conditions), random_(seed, "pods") {}

    void create(WorkerId worker, std::string image, Time now);
    [[nodiscard]] const Pod* find(WorkerId worker) const;
    [[nodiscard]] const std::map<WorkerId, Pod>& all() const { return pods_; }

    // Whether its deletion went through; a pod that is gone already counts as deleted. Its secret
    // may stay behind.
    [[nodiscard]] bool remove(WorkerId worker);
    // Secrets without a pod, oldest worker first.
    [[nodiscard]] const std::vector<WorkerId>& stranded_secrets() const { return secrets_; }
    [[nodiscard]] bool remove_secret(WorkerId worker);

    // Ends the process of one of the pods, drawn; or takes away the pod itself.
    void crash_one();
    void lose_one();

    // How long a pod takes to get ready, and to go.
    [[nodiscard]] Duration creation_delay();
    [[nodiscard]] Duration deletion_delay();

  private:
    [[nodiscard]] Pod* any();

    const Conditions& conditions_;
    Random random_;
    std::map<WorkerId, Pod> pods_;
    std::vector<WorkerId> secrets_;
};

}  // namespace fenceline::tools
