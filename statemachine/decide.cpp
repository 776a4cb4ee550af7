#include "statemachine/decide.hpp"

#include <array>

#include <boost/mpl/push_back.hpp>
#include <boost/mpl/vector.hpp>

#include "statemachine/deciding.hpp"
#include "statemachine/transitions.hpp"

namespace fenceline {

namespace {

using namespace machine;
namespace mpl = boost::mpl;

// --- the table, read by the compiler -------------------------------------------------------------

// MSM wants its rows in an MPL sequence; one that grows by push_back has no limit of its own.
template <typename Sequence, typename... Each>
struct Append {
    using type = Sequence;
};
template <typename Sequence, typename First, typename... Rest>
struct Append<Sequence, First, Rest...>
    : Append<typename mpl::push_back<Sequence, First>::type, Rest...> {};

template <typename List>
struct AsMpl;
template <typename... Each>
struct AsMpl<Rows<Each...>> : Append<mpl::vector0<>, Each...> {};

// The fences that a command meets wherever it is legal: those of its first row.
template <typename CommandType, typename List>
struct FencesOf;
template <typename CommandType, typename First, typename... Rest>
struct FencesOf<CommandType, Rows<First, Rest...>> : FencesOf<CommandType, Rows<Rest...>> {};
template <typename CommandType, typename First, typename... Rest>
requires std::same_as<typename First::command, CommandType>
struct FencesOf<CommandType, Rows<First, Rest...>> {
    using type = typename First::fences;
};

// Which fences turn an operation away must not depend on the state, and no two rows may be tried
// for one (source, command): MSM would try them from the bottom up. Only the rows of `Adopt`
// differ, and they exclude each other.
template <typename First, typename... Rest>
consteval bool alone(Rows<First, Rest...>) {
    using Adopts = std::is_same<typename First::command, Adopt>;
    return Adopts::value || ((!std::same_as<typename First::command, typename Rest::command> ||
                              (!std::same_as<typename First::from, typename Rest::from> &&
                               std::same_as<typename First::fences, typename Rest::fences>)) &&
                             ...);
}
consteval bool consistent(Rows<>) {
    return true;
}
template <typename First, typename... Rest>
consteval bool consistent(Rows<First, Rest...> rows) {
    return alone(rows) && consistent(Rows<Rest...>{});
}
static_assert(consistent(Table{}), "one row per source and command, one set of fences per command");

// --- the machine ---------------------------------------------------------------------------------

struct LifecycleDefinition : boost::msm::front::state_machine_def<LifecycleDefinition> {
    using initial_state = Absent;
    using transition_table = AsMpl<Table>::type;
    using no_exception_thrown = int;
    using no_message_queue = int;

    // No row for this state. The fences that come before legality are asked all the same, so that
    // a caller that lost the worker hears that, and not that it is in the wrong state.
    template <typename Machine, typename CommandType>
    void no_transition(const Asked<CommandType>& asked, Machine&, int) {
        using Fences = typename FencesOf<CommandType, Table>::type;
        if (Fences::before_legality(asked.judgement))
            asked.judgement.refuse(Check::legal_state, Outcome::fence_miss_state);
    }
};
using Lifecycle = boost::msm::back::state_machine<LifecycleDefinition>;

// One machine resting in each state. MSM has no setter for its state, so they get there as adopted
// workers do; a decision copies the one that it needs, which costs a few nanoseconds. Copied only
// from `const`: MSM takes any other argument for one of its own constructor's.
class Resting {
  public:
    Resting() {
        const World nowhere;
        for (std::size_t i = 1; i < machines_.size(); ++i) {
            Judgement newcomer{.world = nowhere, .adopted_as = static_cast<State>(i)};
            machines_[i].process_event(Asked<Adopt>{newcomer});
        }
    }
    // A state that this program does not know rests where nothing is legal.
    [[nodiscard]] const Lifecycle& in(State state) const {
        const auto i = static_cast<std::size_t>(state);
        return machines_[i < machines_.size() ? i : static_cast<std::size_t>(State::lost)];
    }

  private:
    std::array<Lifecycle, state_count> machines_;
};

}  // namespace

template <typename CommandType>
void judge(Judgement& judgement) {
    static const Resting resting;
    Lifecycle lifecycle(resting.in(judgement.from()));
    lifecycle.process_event(Asked<CommandType>{judgement});
    // Adopted as a state that no row knows.
    if (judgement.outcome == Outcome::none)
        judgement.refuse(Check::legal_state, Outcome::fence_miss_state);
}

template void judge<Spawn>(Judgement&);
template void judge<Adopt>(Judgement&);
template void judge<PublishIdle>(Judgement&);
template void judge<PublishReserved>(Judgement&);
template void judge<BeginActivation>(Judgement&);
template void judge<CompleteActivation>(Judgement&);
template void judge<Park>(Judgement&);
template void judge<Unpark>(Judgement&);
template void judge<Heartbeat>(Judgement&);
template void judge<RefreshLease>(Judgement&);
template void judge<RefreshCredentials>(Judgement&);
template void judge<Drain>(Judgement&);
template void judge<RetireDrained>(Judgement&);
template void judge<MarkLost>(Judgement&);
template void judge<RetireLocal>(Judgement&);
template void judge<ClaimIdle>(Judgement&);
template void judge<ClaimHotIdle>(Judgement&);
template void judge<TakeOver>(Judgement&);
template void judge<RetireFromSnapshot>(Judgement&);
template void judge<LoseFromSnapshot>(Judgement&);
template void judge<RetireOrphan>(Judgement&);
template void judge<RetireIdleVariant>(Judgement&);

// --- the table as data ---------------------------------------------------------------------------

namespace {

template <typename... Each>
std::vector<TransitionRow> rows_of(Rows<Each...>) {
    return {TransitionRow{Each::from::state, operation_for<typename Each::command>(),
                          Each::to::state, Each::fences::names()}...};
}

}  // namespace

std::vector<TransitionRow> transition_rows() {
    return rows_of(Table{});
}

// --- the door ------------------------------------------------------------------------------------

void decide(World& world, const Command& command, Time now, std::vector<Event>& events) {
    Deciding deciding(world, command.ask, now, events);
    std::visit([&](const auto& asked) { decide_one(deciding, asked); }, command.request);
}

namespace {

WorkerId worker_named_by(const Request& request) {
    return std::visit(
        [](const auto& asked) {
            if constexpr (requires { asked.lease; })
                return asked.lease.worker();
            else if constexpr (requires { asked.snapshot; })
                return asked.snapshot.row().worker;
            else
                return WorkerId{};
        },
        request);
}

}  // namespace

void expect(const World& world, std::span<const Command> commands) {
    std::array<std::uint32_t, expect_at_once> slots;
    while (!commands.empty()) {
        const auto some = commands.first(std::min(commands.size(), expect_at_once));
        std::size_t known = 0;
        for (const Command& command : some) {
            const WorkerId worker = worker_named_by(command.request);
            const std::uint32_t slot =
                worker.given() ? world.workers().slot(worker.value) : Records<Worker>::nowhere;
            if (slot == Records<Worker>::nowhere) continue;
            world.expect(slot);
            slots[known++] = slot;
        }
        for (std::size_t i = 0; i < known; ++i) world.expect_more(slots[i]);
        for (std::size_t i = 0; i < known; ++i) world.expect_most(slots[i]);
        commands = commands.subspan(some.size());
    }
}

}  // namespace fenceline
