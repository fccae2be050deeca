#include "runtime/program.h"

#include <unistd.h>

#include <thread>
#include <vector>

#include "functions/shared/external/metadata_keeper.h"
#include "functions/shared/knowledge/keeper.h"
#include "functions/shared/knowledge/warmer.h"
#include "functions/shared/mail/mailer.h"
#include "realtime/changes/change_feed.h"
#include "realtime/changes/feed.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/collect.h"
#include "runtime/control.h"
#include "runtime/edge/router.h"
#include "runtime/housekeeping.h"
#include "runtime/key_store.h"
#include "runtime/nodes.h"
#include "runtime/spread.h"
#include "runtime/stream_stats.h"
#include "runtime/unit.h"

namespace chatpad {
namespace {

constexpr pg::Statement kEnded{"ended_sessions",
                               "select id, is_person, ended_s from api.ended_sessions()"};

int loop_count(const Config& config) {
  if (config.loops > 0) return config.loops;
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : static_cast<int>(cores);
}

}  // namespace

struct Program::Impl {
  Impl(Config settings, DatabaseLogins database, edge::KeyRingRef ring);

  void watch_keys();
  void start_feed();
  void start_signals();
  void deal(int fd, std::string peer);
  void start_changes();
  void start_mailer();
  void start_metadata();
  void start_knowledge();
  std::vector<pg::Replication*> streams() const;
  void open_control();
  void fill_in(realtime::RealtimeReport& report) const;
  void fan_out(realtime::BatchRef batch);
  void on_feed_state(realtime::FeedState state);
  Task<void> keep_house();
  Task<void> tell_ended();
  void look_after_child();
  void begin_drain();
  void end_loops();
  Loop& first() { return units.front()->loop; }

  Config config;
  DatabaseLogins logins;
  edge::Router router;
  Shared shared;
  std::vector<std::unique_ptr<Unit>> units;
  Spread spread{units};
  std::unique_ptr<Nodes> nodes;
  std::unique_ptr<KeyStore> keys;
  std::vector<std::thread> threads;
  std::unique_ptr<http::Acceptor> acceptor;
  std::unique_ptr<realtime::Feed> feed;
  std::unique_ptr<realtime::ChangeFeed> changes;
  std::unique_ptr<pg::WalWatch> wal;
  std::unique_ptr<ControlSocket> control;
  std::unique_ptr<functions::Mailer> mailer;  // null: no mail server is configured
  std::unique_ptr<JobHouse> jobs;
  std::unique_ptr<functions::KnowledgeWarmer> warmer;  // null: indexes are built when asked for
  std::unique_ptr<functions::MetadataKeeper> metadata;
  std::unique_ptr<functions::KnowledgeKeeper> keeper;  // null: no service for vectors is
  StreamStats stream_stats;
  uint64_t note_streams_id = 0;
  std::function<void()> extra_housekeeping;
  std::function<bool()> child_ended;
  Timer child_timer;
  std::unique_ptr<Housekeeping> house;
  std::unique_ptr<Scope> housekeeping = std::make_unique<Scope>();
  uv_signal_t interrupt{};
  uv_signal_t terminate{};
  uv_signal_t child{};
  size_t next_unit = 0;
  size_t units_left = 0;
  bool draining = false;
  bool ran = false;
};

Program::Impl::Impl(Config settings, DatabaseLogins database, edge::KeyRingRef ring)
    : config(std::move(settings)),
      logins(std::move(database)),
      router(functions::endpoint_table()),
      shared(config, router) {
  config.loops = loop_count(config);
  for (int i = 0; i < config.loops; ++i) {
    units.push_back(std::make_unique<Unit>(i, shared, logins, ring));
  }
  units_left = units.size() + 1;  // and the jobs
  jobs = std::make_unique<JobHouse>(units.front()->context, shared.metrics);
  nodes = std::make_unique<Nodes>(first(), shared);
  house = std::make_unique<Housekeeping>(first(), units.front()->service_pool, *jobs, [this] {
    double asked = 0;
    for (const auto& unit : units) asked += unit->stats.caller_flights();
    return asked;
  });
  watch_keys();
  register_unit_metrics(shared.metrics, units);
  shared.metrics.add("chatpad_realtime_feed_live", "1 while the feed of durable events streams.",
                     "gauge", [this] { return shared.realtime_live.load() ? 1.0 : 0.0; });
  stream_stats.register_in(shared.metrics);
  shared.metrics.add("chatpad_realtime_bus_dropped_total",
                     "Ephemeral messages dropped between loops.", "counter",
                     [this] { return static_cast<double>(shared.bus.dropped()); });
  shared.metrics.add("chatpad_mails_sent_total", "Mails the mail server took.", "counter",
                     [this] { return mailer ? static_cast<double>(mailer->sent()) : 0.0; });
  shared.metrics.add("chatpad_mail_failures_total", "Attempts to send a mail that failed.",
                     "counter",
                     [this] { return mailer ? static_cast<double>(mailer->failed()) : 0.0; });
  shared.metrics.add("chatpad_log_dropped_total", "Log lines dropped.", "counter",
                     [] { return static_cast<double>(log::dropped_lines()); });
}

void Program::Impl::watch_keys() {
  Unit& unit = *units.front();
  keys = std::make_unique<KeyStore>(first(), unit.service_pool, config, [this](auto ring) {
    bool told = true;
    for (const auto& owned : units) {
      Unit* there = owned.get();
      told = spread.tell(*there, [there, ring] { there->use(ring); }) && told;
    }
    return told;
  });
  unit.context.listen([this](const edge::DurableEvent& event) {
    if (keys) keys->on_event(event);
  });
  for (const auto& owned : units) {
    owned->authenticator.on_unknown_key([this] {
      first().post([this] {
        if (keys) keys->on_unknown_key();
      });
    });
  }
}

// Round-robin: each loop gets the same number of connections, also when there are only a few.
void Program::Impl::deal(int fd, std::string peer) {
  Unit& unit = *units[next_unit];
  next_unit = (next_unit + 1) % units.size();
  if (&unit.loop == &first()) {
    unit.server->adopt(fd, std::move(peer));
  } else {
    unit.adopt(fd, std::move(peer));
  }
}

void Program::Impl::start_feed() {
  realtime::FeedOptions options;
  options.conninfo = logins.replicator;
  options.on_events = [this](realtime::EventBatch batch) { spread.events(std::move(batch)); };
  options.on_state = [this](realtime::FeedState state) { on_feed_state(state); };
  options.on_gap = [this] { spread.gap(); };
  feed = std::make_unique<realtime::Feed>(first(), std::move(options));
  feed->start();
}

void Program::Impl::start_changes() {
  realtime::ChangeFeedOptions options;
  options.conninfo = logins.replicator;
  options.pool = &units.front()->pool;
  options.on_changes = [this](realtime::BatchRef batch) { fan_out(std::move(batch)); };
  options.on_truncate = [this](std::string schema, std::string table) {
    for (const auto& owned : units) {
      realtime::Changes* there = &owned->changes;
      owned->loop.post([there, schema, table] { there->on_truncate(schema, table); });
    }
  };
  options.on_gap = [this] {
    for (const auto& owned : units) {
      realtime::Changes* there = &owned->changes;
      owned->loop.post([there] { there->on_gap(); });
    }
  };
  changes = std::make_unique<realtime::ChangeFeed>(first(), std::move(options));
  for (const auto& unit : units) unit->changes.attach(changes.get());
  wal = std::make_unique<pg::WalWatch>(units.front()->service_pool, [this] { return streams(); });
  note_streams_id = first().on_turn_end([this] { stream_stats.copy_from(*feed, *changes, *wal); });
}

void Program::Impl::start_mailer() {
  if (!config.auth.smtp.configured()) return;
  mailer = std::make_unique<functions::Mailer>(first(), units.front()->service_pool, config);
  housekeeping->spawn(mailer->run());
}

void Program::Impl::start_metadata() {
  metadata = std::make_unique<functions::MetadataKeeper>(units.front()->context);
  housekeeping->spawn(metadata->run());
}

void Program::Impl::start_knowledge() {
  if (config.knowledge_warming != Warming::lazy) {
    warmer = std::make_unique<functions::KnowledgeWarmer>(units.front()->context);
    housekeeping->spawn(warmer->run());
  }
  if (!config.embedding.set()) return;
  keeper = std::make_unique<functions::KnowledgeKeeper>(units.front()->context);
  housekeeping->spawn(keeper->run());
}

std::vector<pg::Replication*> Program::Impl::streams() const {
  std::vector<pg::Replication*> open;
  if (feed->stream()) open.push_back(feed->stream());
  if (changes->stream()) open.push_back(changes->stream());
  return open;
}

void Program::Impl::open_control() {
  const auto collect = [this](size_t shown, ControlSocket::Collected done) {
    housekeeping->spawn(wal->look());  // for the next report
    collect_report(
        units, shown, [this](realtime::RealtimeReport& report) { fill_in(report); },
        ControlSocket::kAnswerMs, std::move(done));
  };
  auto opened = ControlSocket::open(first(), config.home, collect);
  if (opened) {
    control = std::move(opened).value();
  } else {
    log::Line(LogLevel::warn, "control_socket_missing")
        .field("cause", opened.error().message.value);
  }
}

void Program::Impl::fill_in(realtime::RealtimeReport& report) const {
  report.feed = feed->stats();
  report.changes = changes->stats();
  if (feed->stream()) report.feed_slot = feed->stream()->slot();
  if (changes->stream()) report.changes_slot = changes->stream()->slot();
  report.horizon_lag = feed->horizon_lag();
  report.bus_dropped = shared.bus.dropped();
  report.wal = wal->reading();
  report.wal_alarm = wal->alarming();
}

void Program::Impl::fan_out(realtime::BatchRef batch) {
  for (const auto& owned : units) {
    realtime::Changes* there = &owned->changes;
    if (!there->is_interested()) continue;
    if (owned->loop.post([there, batch] { there->on_changes(batch); })) continue;
    log::Line(LogLevel::error, "changes_dropped").field("loop", owned->loop.index());
    changes->lose();
  }
}

void Program::Impl::on_feed_state(realtime::FeedState state) {
  shared.realtime_live.store(state == realtime::FeedState::live);
  const std::string cluster = feed->cluster();
  if (state == realtime::FeedState::live) {
    nodes->start(cluster, feed->database());
    keys->refresh();  // what changed in its absence came by no event
    housekeeping->spawn(tell_ended());
  }
  spread.state(state, cluster);
}

// The feed streams: what ended before, while this program was not there to hear it.
Task<void> Program::Impl::tell_ended() {
  auto ended = std::make_shared<std::vector<edge::SessionsEnded>>(1);
  try {
    pg::Rows rows =
        co_await units.front()->service_pool.once(pg::service_claims(), kEnded, pg::Params());
    for (int row = 0; row < rows.size(); ++row) {
      const bool person = rows.boolean(row, 1);
      if (person) ended->emplace_back();
      edge::SessionsEnded& one = person ? ended->back() : ended->front();
      one.everything = person;
      one.at_s = rows.integer(row, 2);
      if (person) one.user_id = rows.str(row, 0);
      if (!person) one.sessions.push_back(rows.str(row, 0));
    }
  } catch (const Raised& raised) {
    log::Line(LogLevel::warn, "ended_sessions_unknown")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
    co_return;
  }
  for (const auto& owned : units) {
    Unit* unit = owned.get();
    spread.tell(*unit, [unit, ended] { unit->shut_out(*ended); });
  }
}

Task<void> Program::Impl::keep_house() {
  for (;;) {
    co_await house->look();
    spread.announce_owed_gaps();
    if (!spread.is_live()) keys->refresh();
    co_await wal->look();
    if (extra_housekeeping) extra_housekeeping();
    co_await sleep_for(first(), kHousekeepingMs);
  }
}

void Program::Impl::start_signals() {
  const auto on_signal = [](uv_signal_t* handle, int) {
    auto* impl = static_cast<Impl*>(handle->data);
    if (impl->draining) ::_exit(1);
    impl->begin_drain();
  };
  uv_signal_init(first().raw(), &interrupt);
  uv_signal_init(first().raw(), &terminate);
  interrupt.data = terminate.data = this;
  uv_signal_start(&interrupt, on_signal, SIGINT);
  uv_signal_start(&terminate, on_signal, SIGTERM);
  uv_signal_init(first().raw(), &child);
  child.data = this;
  const auto on_child = [](uv_signal_t* handle, int) {
    static_cast<Impl*>(handle->data)->look_after_child();
  };
  uv_signal_start(&child, on_child, SIGCHLD);
}

void Program::Impl::look_after_child() {
  if (draining || !child_ended) return;
  child_timer.start(first(), kChildCheckMs, [this] {
    if (!draining && child_ended()) look_after_child();
  });
}

void Program::Impl::begin_drain() {
  draining = true;
  log::Line(LogLevel::info, "draining");
  acceptor->close();
  const auto one_empty = [this] {
    first().post([this] {
      if (--units_left == 0) nodes->farewell([this] { end_loops(); });
    });
  };
  housekeeping->spawn(jobs->drain(one_empty));
  for (const auto& owned : units) {
    Unit* unit = owned.get();
    unit->loop.post([unit, one_empty] { unit->drain(one_empty); });
  }
}

// On loop 0, when every unit is empty.
void Program::Impl::end_loops() {
  control.reset();
  keys.reset();
  housekeeping.reset();
  mailer.reset();
  metadata.reset();
  jobs.reset();
  keeper.reset();
  warmer.reset();
  nodes->stop();
  feed->stop();
  first().remove_turn_end(note_streams_id);
  changes->stop();
  uv_close(reinterpret_cast<uv_handle_t*>(&interrupt), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&terminate), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&child), nullptr);
  child_timer.stop();
  for (const auto& owned : units) {
    Unit* unit = owned.get();
    unit->loop.post([unit] { unit->end(); });
  }
}

Program::Program(Config config, DatabaseLogins logins, edge::KeyRingRef ring) {
  Nodes::check(config);
  impl_ = std::make_unique<Impl>(std::move(config), std::move(logins), std::move(ring));
}

// A program that could not listen ends its units the way a drain does: they hold open handles.
Program::~Program() {
  if (impl_->ran) return;
  impl_->keys.reset();
  impl_->jobs.reset();
  impl_->acceptor.reset();
  for (const auto& owned : impl_->units) {
    Unit* unit = owned.get();
    unit->loop.post([unit] { unit->drain([unit] { unit->end(); }); });
    unit->loop.run();
  }
}

void Program::listen() {
  Impl& impl = *impl_;
  impl.acceptor = std::make_unique<http::Acceptor>(
      impl.first(), impl.config.host, impl.config.port,
      [&impl](int fd, std::string peer) { impl.deal(fd, std::move(peer)); },
      [&impl] { return impl.units.front()->server->accepting(); });
}

void Program::on_child_ended(std::function<bool()> fn) { impl_->child_ended = std::move(fn); }

void Program::on_housekeeping(std::function<void()> fn) {
  impl_->extra_housekeeping = std::move(fn);
}

void Program::run() {
  Impl& impl = *impl_;
  impl.ran = true;
  impl.start_signals();
  impl.start_feed();
  impl.start_changes();
  impl.open_control();
  impl.housekeeping->spawn(impl.keep_house());
  impl.start_mailer();
  impl.start_metadata();
  impl.housekeeping->spawn(impl.jobs->run());
  impl.start_knowledge();
  for (size_t i = 1; i < impl.units.size(); ++i) {
    Unit* unit = impl.units[i].get();
    impl.threads.emplace_back([unit] { unit->loop.run(); });
  }
  impl.first().run();
  for (std::thread& thread : impl.threads) thread.join();
  impl.shared.workers.stop();  // a job that is under way answers to a loop
  impl.feed.reset();
  impl.changes.reset();
  impl.acceptor.reset();
}

}  // namespace chatpad
