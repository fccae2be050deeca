// Changes: the row changes of one loop on their way from the feed to the channels that asked for
// them. One per loop, beside its hub; implements what the hub wants of a ChangeSource.
//
// A *persona* is a role with claims; all its channels on the loop share one question to PostgreSQL
// per round and table (visibility.h). A round takes what has come since the last one, kRoundRowsMax
// changes at most, judges filters, asks, and hands over. Personas that wait ask together, up to
// kTogetherMax of one role in one flight, in kChecksMax flights at the same time; personas take
// turns, and begin no two rounds within kRoundPaceMs. A flight in which something is unusual
// decides nothing: each of its personas then asks alone, so that a slow or raising policy concerns
// its persona alone. While it goes on being slow it is left out of the others' flights.
//
// Order: a channel gets its changes in commit order. Between changes and broadcasts there is no
// order. A channel whose socket is full gets a persona of its own and is waited for, kStuckMsMax
// without progress and kBehindMsMax in all; then it is told of the gap.
//
// Owned by the loop's Unit; pools and hub outlive it. Not thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "realtime/changes/change_feed.h"
#include "realtime/changes/describe.h"
#include "realtime/changes/persona.h"
#include "realtime/changes/persona_report.h"
#include "realtime/changes/visibility.h"
#include "realtime/hub/hub.h"
#include "runtime/coro/scope.h"

namespace chatpad::realtime {

class Changes : public ChangeSource {
 public:
  static constexpr size_t kRoundRowsMax = 1000;
  static constexpr size_t kJudgementsMax = 100'000;  // filters looked at in one round
  static constexpr size_t kChecksMax = 4;
  static constexpr size_t kTogetherMin = 8;  // fewer are not dealt out to several flights
  static constexpr size_t kTogetherMax = 32;
  static constexpr uint64_t kRoundPaceMs = 2;   // from one round of a persona to its next
  static constexpr uint64_t kSlowCheckMs = 50;  // a persona whose check takes longer asks alone
  static constexpr size_t kPushesPerTurnMax = 16'384;
  static constexpr uint64_t kDrainPollMs = 2;
  static constexpr uint64_t kStuckMsMax = 3000;
  static constexpr uint64_t kBehindMsMax = 30'000;
  static constexpr uint64_t kRetryMs = 200;
  static constexpr uint64_t kRetriesMax = 25;  // of a check, while the database is away
  static constexpr uint64_t kEarlyRetryMs = 1;
  static constexpr uint64_t kEarlyMsMax = 2000;  // for a commit to become visible
  static constexpr int kReloadsMax = 4;          // of a table, in one check
  static constexpr size_t kTablesMax = 4096;     // reloaded catalogues that are remembered
  static constexpr size_t kOpeningMax = 512;     // subscriptions that are being checked

  Changes(Hub& hub, pg::Pool& pool, pg::Pool& service_pool);
  ~Changes() override;

  // Before any channel; the feed outlives the traffic.
  void attach(ChangeFeed* feed) { feed_ = feed; }
  // From the feed, on this loop.
  void on_changes(BatchRef batch);
  void on_truncate(const std::string& schema, const std::string& table);
  // Changes may be missing: every channel that has some is told and joins again.
  void on_gap();
  // Ends what is under way. Needed before the pools close.
  void stop();
  ChangesStats stats() const;
  // Those that waited longest for PostgreSQL, `most` of them.
  std::vector<PersonaReport> personas(size_t most) const;
  // From any thread: false when no channel of this loop has or wants changes.
  bool is_interested() const { return interested_.load(std::memory_order_relaxed) > 0; }

  void subscribe(ChangeSubscription subscription) override;
  void unsubscribe(uint64_t channel_id) override;

 private:
  // One watch that a change concerns; `ask`: conditions are open.
  struct Match {
    WatchRef watch;
    Answer answer;
  };
  struct Pick {
    LocalBatchRef batch;
    uint32_t change = 0;
    std::vector<Match> matches;
    size_t verdict = 0;  // which table's
    size_t ordinal = 0;  // its row in the check
  };
  struct TableCheck {
    TableRef from;  // as the feed has it
    Verdict verdict;
    Problem problem = Problem::none;
    bool skip = false;     // nothing of it may be said
    bool settled = false;  // by a check for several
  };
  struct Round {
    std::vector<Pick> picks;
    std::vector<TableCheck> checks;
    Cursor end;  // behind what it looked at
  };
  // One that asks with others.
  struct Member {
    std::shared_ptr<Persona> persona;
    std::shared_ptr<Round> round;
  };
  using Members = std::vector<Member>;
  enum class Ended : uint8_t { checked, again, lost };
  // A subscription on its way: checked, then asked of the feed.
  struct Opening {
    ChangeSubscription subscription;
    std::vector<WatchSpec> specs;
    std::vector<TablePattern> wanted;  // of the feed
  };

  // changes.cc
  Task<void> open(ChangeSubscription subscription);
  bool is_current(uint64_t channel_id, uint64_t ticket) const;
  void close_opening(uint64_t channel_id);
  void opened(uint64_t channel_id, uint64_t ticket);
  void enter(Subscriber& subscriber, Persona& persona);
  void leave(Subscriber& subscriber);
  Persona& persona_of(const pg::Claims& claims);
  Persona& make_persona(const pg::Claims& claims);
  // To a persona nobody else shares, with what it has not been given yet.
  void move_to_own(Subscriber& subscriber, const pg::Claims& claims);
  void lose(Persona& persona, Code code);
  pg::Pool* pool_of(const pg::Claims& claims);
  void count_interest();

  // rounds.cc
  void ready(Persona& persona);
  void enqueue(Persona& persona);
  void end_pause();
  void start_rounds_soon();
  void start_rounds();
  Task<void> run(std::shared_ptr<Persona> persona);
  void end_round(Persona& persona);
  void collect(Persona& persona, Round& round);
  void look_at(Persona& persona, const LocalBatchRef& local, uint32_t change, Round& round);
  Task<Ended> check(std::shared_ptr<Persona> persona, Round* round);
  Task<void> settle_asks(std::shared_ptr<Persona> persona, Round* round);
  static bool came_too_early(const Round& round, size_t which);
  static bool slow_or_odd(const Round& round, uint64_t check_ms);
  Task<void> check_table(std::shared_ptr<Persona> persona, Round* round, size_t which);
  TableRef newest(const TableRef& table) const;
  void remember(const TableRef& from, const TableRef& table);

  // together.cc
  Members next_members();
  Task<void> run_together(std::shared_ptr<Members> members);
  Task<void> check_members(std::shared_ptr<Members> members, TableRef from);
  std::vector<PersonaAsk> asks_of(const Members& members, const TableRef& from,
                                  const TableRef& table, std::vector<size_t>& who);
  Task<void> finish(std::shared_ptr<Persona> persona, std::shared_ptr<Round> round);

  // deliver.cc
  Task<void> deliver(std::shared_ptr<Persona> persona, Round* round);
  // Waits until the persona's only channel has room. False: it has lost.
  Task<bool> wait_for_room(std::shared_ptr<Persona> persona, uint64_t channel_id,
                           uint64_t arrived_ms);
  void hand_over(const Round& round, const Pick& pick);
  void hand_over_to_several(const Round& round, const Pick& pick,
                            const std::vector<WatchRef>& watches);
  const std::string& rendered(const Round& round, const Pick& pick, const Watch& watch);
  bool may_show(const Round& round, const Pick& pick, Watch& watch) const;
  void push(Subscriber& subscriber, const Pick& pick, const FrameRef& frame);
  FrameRef frame_of(std::string_view topic_text, Vsn vsn, std::string_view ids,
                    std::string_view data);

  Hub& hub_;
  Loop& loop_;
  pg::Pool& pool_;
  pg::Pool& service_pool_;
  ChangeFeed* feed_ = nullptr;
  std::unordered_map<uint64_t, Opening> openings_;                         // by channel
  std::unordered_map<uint64_t, std::unique_ptr<Subscriber>> subscribers_;  // by channel
  std::vector<std::shared_ptr<Persona>> personas_;
  std::unordered_map<std::string, Persona*> by_key_;
  std::deque<std::shared_ptr<Persona>> queue_;
  std::vector<std::shared_ptr<Persona>> paced_;  // will be in the queue when they may begin
  Timer pace_timer_;
  bool start_due_ = false;
  size_t running_ = 0;
  uint64_t last_batch_ = 0;
  std::unordered_map<uint32_t, std::pair<TableRef, TableRef>> newest_;  // as fed, as reloaded
  std::string payload_, frame_;                                         // being put together
  size_t pushed_ = 0;  // frames since the loop last turned
  std::vector<uint64_t> backed_up_;
  std::atomic<size_t> interested_{0};
  ChangesStats stats_;
  Scope scope_;  // last: its tasks use everything above
};

}  // namespace chatpad::realtime
