#include "realtime/hub/presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "realtime/hub/presence_frames.h"

namespace chatpad::realtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// topic -> "key=payload" of everybody present.
using View = std::map<std::string, std::multiset<std::string>>;

// A store with what its members and the other nodes were told. `seen` is a member that has been
// there from the beginning and only adds up diffs.
struct Node final : PresencePort {
  explicit Node(NodeId id, PresenceLimits limits = {}) : store(id, limits, *this) {}
  void tell_members(const PresenceDiff& diff) override {
    ++diffs;
    const std::string topic(diff.topic);
    for (const SharedPresence& one : diff.joins) {
      EXPECT_TRUE(seen[topic].emplace(one->ref, one).second) << "joined twice: " << one->ref;
    }
    for (const SharedPresence& one : diff.leaves) {
      EXPECT_EQ(seen[topic].erase(one->ref), 1u) << "left without having joined: " << one->ref;
    }
    last = diff;
    last_json = presence_diffs(diff.joins, diff.leaves);
  }
  void tell_nodes(SharedNews news) override { outgoing.push_back(std::move(news)); }

  std::string track(std::string_view topic, std::string_view key, std::string_view payload,
                    std::string ref = {}) {
    EXPECT_EQ(store.track(Privacy::open, topic, key, payload, ref), PresenceRefusal::none);
    return ref;
  }
  View members_view() const {
    View view;
    for (const auto& [topic, presences] : seen) {
      for (const auto& [ref, one] : presences) view[topic].insert(one->key + "=" + one->payload);
    }
    return view;
  }
  View joiner_view(const std::vector<std::string>& topics) const {
    View view;
    for (const std::string& topic : topics) {
      for (const SharedPresence& one : store.told(Privacy::open, topic)) {
        view[topic].insert(one->key + "=" + one->payload);
      }
    }
    return view;
  }

  PresenceStore store;
  std::map<std::string, std::map<std::string, SharedPresence>> seen;
  std::vector<SharedNews> outgoing;
  PresenceDiff last{};
  std::vector<std::string> last_json;
  int diffs = 0;
};

std::vector<std::string> keys_of(const std::vector<SharedPresence>& presences) {
  std::vector<std::string> keys;
  for (const SharedPresence& one : presences) keys.push_back(one->key + one->payload);
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST(PresenceStoreTest, ChangesOfOneTickAreOneDiffAndWhatCameAndWentIsNotTold) {
  Node node(7);
  node.track("room", "ann", R"({"a":1})");
  const std::string bob = node.track("room", "bob", "{}");
  const std::string brief = node.track("room", "brief", "{}");
  node.store.untrack(Privacy::open, "room", "brief", brief);
  EXPECT_THAT(node.store.told(Privacy::open, "room"), IsEmpty()) << "members know nothing yet";
  node.store.tick();
  EXPECT_EQ(node.diffs, 1);
  EXPECT_THAT(keys_of(node.last.joins), ElementsAre(R"(ann{"a":1})", "bob{}"));
  EXPECT_THAT(node.last.leaves, IsEmpty());
  node.store.untrack(Privacy::open, "room", "bob", bob);
  EXPECT_THAT(node.store.told(Privacy::open, "room"), SizeIs(2)) << "he leaves with the next diff";
  node.store.tick();
  EXPECT_THAT(keys_of(node.last.leaves), ElementsAre("bob{}"));
  node.store.tick();
  EXPECT_EQ(node.diffs, 2);
}

TEST(PresenceStoreTest, AnUpdateIsALeaveAndAJoinThatNamesTheOneMembersKnow) {
  Node node(7);
  std::string ref = node.track("room", "ann", R"({"n":0})");
  node.store.tick();
  const std::string first = ref;
  for (int n = 1; n <= 100; ++n) {
    ref = node.track("room", "ann", "{\"n\":" + std::to_string(n) + "}", ref);
  }
  node.store.tick();
  EXPECT_EQ(node.diffs, 2) << "a burst is one diff";
  ASSERT_THAT(node.last.joins, SizeIs(1));
  EXPECT_EQ(node.last.joins[0]->payload, R"({"n":100})");
  EXPECT_EQ(node.last.joins[0]->prev, first);
  EXPECT_THAT(keys_of(node.last.leaves), ElementsAre(R"(ann{"n":0})"));
  EXPECT_THAT(node.last_json,
              ElementsAre(HasSubstr("\"phx_ref_prev\":\"" + first + "\",\"n\":100")));
  EXPECT_EQ(node.track("room", "ann", R"({"n":100})", ref), ref) << "the same again is nothing";
  EXPECT_FALSE(node.store.has_changes());
}

TEST(PresenceStoreTest, PrivateAndPublicRoomsOfOneNameAreApart) {
  Node node(7);
  std::string ref;
  node.store.track(Privacy::restricted, "room", "ann", "{}", ref);
  node.store.tick();
  EXPECT_THAT(node.store.told(Privacy::open, "room"), IsEmpty());
  EXPECT_THAT(node.store.told(Privacy::restricted, "room"), SizeIs(1));
}

TEST(PresenceStoreTest, LimitsRefuseAndLeaveEverythingAsItWas) {
  PresenceLimits limits;
  limits.presence_bytes_max = 20;
  limits.presence_keys_max = 2;
  limits.presence_metas_max = 2;
  Node node(7, limits);
  std::string ref = node.track("room", "a", "{}");
  const std::string before = ref;
  const std::string long_payload = "{\"pad\":\"" + std::string(30, 'x') + "\"}";
  EXPECT_EQ(node.store.track(Privacy::open, "room", "a", long_payload, ref),
            PresenceRefusal::too_large);
  EXPECT_EQ(ref, before);
  node.track("room", "a", "{}");
  node.track("room", "b", "{}");
  std::string third;
  EXPECT_EQ(node.store.track(Privacy::open, "room", "a", "{}", third), PresenceRefusal::topic_full);
  EXPECT_EQ(node.store.track(Privacy::open, "room", "c", "{}", third), PresenceRefusal::topic_full);
  EXPECT_EQ(third, "");
  EXPECT_EQ(node.track("room", "a", R"({"new":1})", ref).empty(), false) << "an update has a place";
  node.store.tick();
  EXPECT_THAT(node.store.told(Privacy::open, "room"), SizeIs(3));

  PresenceLimits tight;
  tight.presence_topic_bytes_max = 1000;
  Node full(8, tight);
  PresenceRefusal last = PresenceRefusal::none;
  for (int i = 0; i < 20 && last == PresenceRefusal::none; ++i) {
    std::string each;
    last = full.store.track(Privacy::open, "room", "k" + std::to_string(i), "{}", each);
  }
  EXPECT_EQ(last, PresenceRefusal::topic_full);
}

TEST(PresenceStoreTest, AStateOfManyComesInSeveralFramesThatAddUp) {
  Node node(7);
  const std::string pad(3000, 'x');
  for (int i = 0; i < 100; ++i)
    node.track("room", "k" + std::to_string(i), "{\"p\":\"" + pad + "\"}");
  node.store.tick();
  const PresenceStateFrames frames = presence_state(node.store.told(Privacy::open, "room"));
  EXPECT_GT(frames.diffs.size(), 2u);
  std::string all = frames.state;
  for (const std::string& diff : frames.diffs) {
    EXPECT_LE(diff.size(), kPresenceFrameBytesMax + 4096);
    EXPECT_THAT(diff, HasSubstr(R"("leaves":{})"));
    all += diff;
  }
  for (int i = 0; i < 100; ++i) {
    const std::string key = "\"k" + std::to_string(i) + "\":{\"metas\"";
    EXPECT_NE(all.find(key), std::string::npos) << key;
    EXPECT_EQ(all.find(key), all.rfind(key)) << key;
  }
  EXPECT_EQ(presence_state({}).state, "{}");
}

TEST(PresenceFramesTest, APayloadCannotNameItself) {
  EXPECT_EQ(presence_payload(R"({ "phx_ref":"mine", "a\"b" : [1,2], "phx_ref_prev":1 })"),
            R"({"a\"b":[1,2]})");
  EXPECT_EQ(presence_payload("{}"), "{}");
  for (const char* wrong : {"[]", "\"x\"", "7", "null", ""}) EXPECT_EQ(presence_payload(wrong), "");
}

// Several nodes and a network between them that may lose news.
struct Cluster {
  explicit Cluster(uint32_t seed) : random(seed) {}
  void start() { nodes.push_back(std::make_unique<Node>(++next_id)); }
  void carry(double loss) {
    for (bool more = true; more;) {
      more = false;
      for (const auto& node : nodes) {
        for (const SharedNews& news : std::exchange(node->outgoing, {})) {
          more = true;
          for (const auto& other : nodes) {
            const bool lost = std::uniform_real_distribution<>(0, 1)(random) < loss;
            if (other != node && !lost) other->store.receive(*news, now_ms);
          }
        }
      }
    }
  }
  void pass(uint64_t ms, double loss) {
    now_ms += ms;
    for (const auto& node : nodes) {
      node->store.tick();
      if (now_ms / kPresenceBeatMs != (now_ms - ms) / kPresenceBeatMs) node->store.beat(now_ms);
    }
    carry(loss);
    for (const auto& node : nodes) node->store.tick();
  }
  std::mt19937 random;
  std::vector<std::unique_ptr<Node>> nodes;
  NodeId next_id = 0;
  uint64_t now_ms = 1;
};

TEST(PresenceClusterTest, ANodeThatMissedNewsAsksAndOneThatStartsLateLearnsEverything) {
  Cluster cluster(1);
  cluster.start(), cluster.start();
  cluster.nodes[0]->track("room", "lost", "{}");
  cluster.nodes[0]->store.tick();
  cluster.nodes[0]->outgoing.clear();
  cluster.nodes[0]->track("room", "heard", "{}");
  cluster.pass(10, 0);
  EXPECT_THAT(keys_of(cluster.nodes[1]->store.told(Privacy::open, "room")),
              ElementsAre("heard{}", "lost{}"));
  cluster.start();
  cluster.nodes[2]->store.ask_all();
  cluster.pass(10, 0);
  EXPECT_THAT(cluster.nodes[2]->store.told(Privacy::open, "room"), SizeIs(2));
}

TEST(PresenceClusterTest, ANodeThatFallsSilentIsForgottenAndComesBackWhole) {
  Cluster cluster(1);
  cluster.start(), cluster.start();
  cluster.nodes[0]->track("room", "ann", "{}");
  cluster.pass(10, 0);
  const uint64_t quiet_from = cluster.now_ms;
  while (cluster.now_ms < quiet_from + 2 * kPresenceNodeMs) cluster.pass(kPresenceBeatMs, 1);
  EXPECT_THAT(cluster.nodes[1]->store.told(Privacy::open, "room"), IsEmpty());
  EXPECT_EQ(cluster.nodes[1]->store.topics_count(), 0u);
  cluster.pass(kPresenceBeatMs, 0);
  EXPECT_THAT(cluster.nodes[1]->store.told(Privacy::open, "room"), SizeIs(1));
}

TEST(PresenceClusterTest, ManyChangesGoOutInSeveralNewsAndTooManyNodesAreNotKnown) {
  Node node(7);
  const std::string pad(10'000, 'x');
  for (int i = 0; i < 100; ++i) {
    node.track("room-" + std::to_string(i), "k", "{\"p\":\"" + pad + "\"}");
  }
  node.store.tick();
  EXPECT_GT(node.outgoing.size(), 3u);
  Node other(8);
  for (const SharedNews& news : node.outgoing) {
    EXPECT_LE(news->bytes(), kPresenceNewsBytesMax + 16 * 1024);
    other.store.receive(*news, 1);
  }
  EXPECT_EQ(other.store.copies_count(), 100u);

  for (NodeId id = 1'000; id < 1'000 + 2 * kPresenceNodesMax; ++id) {
    Node one(id);
    one.track("room", std::to_string(id), "{}");
    one.store.tick();
    other.store.receive(*one.outgoing.front(), 1);
  }
  EXPECT_EQ(other.store.copies_count(), 100u + kPresenceNodesMax - 1);
  other.store.beat(1 + kPresenceNodeMs);
  EXPECT_EQ(other.store.copies_count(), 0u) << "the silent ones make room";
}

// A channel as the model has it.
struct Tracked {
  NodeId node;
  std::string topic, key, payload, ref;
};

View truth_of(const std::vector<Tracked>& tracked) {
  View view;
  for (const Tracked& one : tracked) view[one.topic].insert(one.key + "=" + one.payload);
  return view;
}

void random_act(Cluster& cluster, std::vector<Tracked>& tracked) {
  auto& random = cluster.random;
  const auto pick = [&random](size_t count) { return random() % count; };
  Node& node = *cluster.nodes[pick(cluster.nodes.size())];
  const size_t dice = pick(100);
  if (dice < 45 || tracked.empty()) {
    Tracked one{node.store.node(), "t" + std::to_string(pick(4)), "k" + std::to_string(pick(6)),
                "{\"n\":" + std::to_string(pick(1000)) + "}", ""};
    one.ref = node.track(one.topic, one.key, one.payload);
    tracked.push_back(one);
    return;
  }
  const size_t index = pick(tracked.size());
  Tracked& one = tracked[index];
  for (const auto& owner : cluster.nodes) {
    if (owner->store.node() != one.node) continue;
    if (dice < 65) {
      one.payload = "{\"n\":" + std::to_string(pick(1000)) + "}";
      one.ref = owner->track(one.topic, one.key, one.payload, one.ref);
    } else {
      owner->store.untrack(Privacy::open, one.topic, one.key, one.ref);
      tracked.erase(tracked.begin() + static_cast<std::ptrdiff_t>(index));
    }
    return;
  }
}

TEST(PresenceClusterTest, RandomJoinsLeavesLossesAndCrashesEndInOneTruthEverywhere) {
  const std::vector<std::string> topics = {"t0", "t1", "t2", "t3"};
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Cluster cluster(seed);
    const size_t count = 2 + seed % 3;
    for (size_t i = 0; i < count; ++i) cluster.start();
    std::vector<Tracked> tracked;
    for (int step = 0; step < 400; ++step) {
      random_act(cluster, tracked);
      if (cluster.random() % 3 == 0) cluster.pass(cluster.random() % 2000, 0.2);
      if (cluster.random() % 100 == 0) {  // a node dies with all its channels; another starts
        const NodeId dead = cluster.nodes.front()->store.node();
        cluster.nodes.erase(cluster.nodes.begin());
        std::erase_if(tracked, [dead](const Tracked& one) { return one.node == dead; });
        cluster.start();
        cluster.nodes.back()->store.ask_all();
      }
    }
    for (int calm = 0; calm < 8; ++calm) cluster.pass(kPresenceBeatMs, 0);
    const View truth = truth_of(tracked);
    for (const auto& node : cluster.nodes) {
      EXPECT_EQ(node->joiner_view(topics), truth);
      View members = node->members_view();
      std::erase_if(members, [](const auto& topic) { return topic.second.empty(); });
      EXPECT_EQ(members, truth);
    }
    for (const auto& node : cluster.nodes) {
      for (const Tracked& one : tracked) {
        node->store.untrack(Privacy::open, one.topic, one.key, one.ref);
      }
    }
    for (int calm = 0; calm < 8; ++calm) cluster.pass(kPresenceBeatMs, 0);
    for (const auto& node : cluster.nodes) {
      EXPECT_EQ(node->store.topics_count(), 0u) << "no ghosts";
      EXPECT_EQ(node->store.copies_count(), 0u);
    }
  }
}

}  // namespace
}  // namespace chatpad::realtime
