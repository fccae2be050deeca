#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "realtime/hub/bus.h"
#include "realtime/hub/testing.h"
#include "realtime/protocol/json_slice.h"

namespace chatpad::realtime {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Client {
  explicit Client(Hub& hub_in) : hub(hub_in) {
    SessionInfo info;
    info.vsn = Vsn::v2;
    edge::Caller caller;
    caller.claims.json = R"({"who":"connection"})";
    info.caller = std::make_shared<const edge::Caller>(std::move(caller));
    session = hub.open(transport, std::move(info));
  }
  void text(std::string_view event, std::string_view payload) {
    const std::string ref = std::to_string(++last_ref);
    const std::string join = event == "phx_join" ? ref : "1";
    hub.on_text(*session, "[\"" + join + "\",\"" + ref + "\",\"realtime:room\",\"" +
                              std::string(event) + "\"," + std::string(payload) + "]");
  }
  void join(std::string_view presence, std::string_view more = "") {
    text("phx_join",
         "{\"config\":{\"presence\":" + std::string(presence) + std::string(more) + "}}");
  }
  void track(std::string_view payload) {
    text("presence",
         R"({"type":"presence","event":"track","payload":)" + std::string(payload) + "}");
  }
  std::vector<std::string> take() {
    hub.flush();
    return transport.take();
  }

  Hub& hub;
  testing::FakeTransport transport;
  std::unique_ptr<Session> session;
  int last_ref = 0;
};

class ChannelPresenceTest : public ::testing::Test {
 protected:
  ChannelPresenceTest() { open(); }
  void open(HubLimits limits = {}) {
    for (auto* made : {&hub, &far}) {
      HubOptions options;
      options.limits = limits;
      options.verifier = &verifier;
      options.rights = &rights;
      options.feed = FeedState::live;
      *made = std::make_unique<Hub>(loop, std::move(options));
    }
    bus = std::make_unique<Bus>();
    bus->add(*hub);
    bus->add(*far);
  }
  // Long enough for two diffs.
  void turn(uint64_t ms = 3 * kPresenceDiffMs) { testing::turn(loop, ms); }

  Loop loop;
  testing::FakeVerifier verifier;
  testing::FakeRights rights;
  std::unique_ptr<Hub> hub, far;
  std::unique_ptr<Bus> bus;
};

// How many metas each key of a presence_state frame has.
std::map<std::string, size_t> metas_by_key(const std::string& frame) {
  std::map<std::string, size_t> counts;
  const size_t state = frame.find("{", frame.find("presence_state"));
  const std::string_view array = std::string_view(frame).substr(state);
  JsonItems keys(array.substr(0, array.size() - 1));
  while (keys.next()) {
    const std::string key(keys.key());
    JsonItems metas(json_member(keys.value(), "metas"));
    while (metas.next()) ++counts[key];
  }
  return counts;
}

const char* const kOn = R"({"key":"","enabled":true})";

TEST_F(ChannelPresenceTest, StateThenDiffsOnEveryHubAndNoGhostAfterAnAbruptClose) {
  Client ann(*hub), bob(*far);
  ann.join(R"({"key":"ann","enabled":true})");
  bob.join(R"({"key":"bob","enabled":true})");
  EXPECT_THAT(ann.take(), ElementsAre(HasSubstr("phx_reply"),
                                      R"(T["1",null,"realtime:room","presence_state",{}])"));
  bob.take();
  ann.track(R"({"mood":"good"})");
  EXPECT_THAT(ann.take(), ElementsAre(HasSubstr(R"({"status":"ok","response":{}})")));
  turn();
  const auto diff = AllOf(HasSubstr(R"(T[null,null,"realtime:room","presence_diff",{"joins":)"
                                    R"({"ann":{"metas":[{"phx_ref":")"),
                          HasSubstr(R"(","mood":"good"}]}},"leaves":{}}])"));
  EXPECT_THAT(ann.take(), ElementsAre(diff)) << "who tracks sees itself";
  EXPECT_THAT(bob.take(), ElementsAre(diff));
  Client late(*far);
  late.join(kOn);
  EXPECT_THAT(late.take(), Contains(HasSubstr(R"("presence_state",{"ann":{"metas":[{"phx_ref")")));
  ann.session.reset();
  turn();
  EXPECT_THAT(bob.take(), ElementsAre(HasSubstr(R"({"joins":{},"leaves":{"ann":{"metas":[)")));
  Client later(*hub);
  later.join(kOn);
  EXPECT_THAT(later.take(), Contains(HasSubstr(R"("presence_state",{}])")));
}

TEST_F(ChannelPresenceTest, OneKeyMayBePresentSeveralTimesAndLeavesOneByOne) {
  Client first(*hub), second(*hub), watcher(*hub);
  for (Client* one : {&first, &second}) {
    one->join(R"({"key":"same","enabled":true})");
    one->track("{}");
  }
  turn();
  watcher.join(kOn);
  const std::vector<std::string> seen = watcher.take();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_NE(seen[1].find("phx_ref"), seen[1].rfind("phx_ref"));
  first.text("presence", R"({"type":"presence","event":"untrack"})");
  turn();
  EXPECT_THAT(watcher.take(), ElementsAre(HasSubstr(R"("leaves":{"same":{"metas":[{"phx_ref":)")));
  second.text("phx_leave", "{}");
  turn();
  EXPECT_THAT(watcher.take(), ElementsAre(HasSubstr(R"("leaves":{"same":{"metas":[{"phx_ref":)")));
}

TEST_F(ChannelPresenceTest, ClientsWithoutEnabledHearItAndThoseThatSwitchedItOffDoNot) {
  Client old(*hub), off(*hub), none(*hub);
  old.join(R"({"key":""})");
  off.join(R"({"key":"","enabled":false})");
  none.text("phx_join", "{}");
  EXPECT_THAT(old.take(), Contains(HasSubstr("presence_state")));
  EXPECT_THAT(off.take(), SizeIs(1));
  EXPECT_THAT(none.take(), SizeIs(1));
  off.track(R"({"quiet":1})");
  EXPECT_THAT(off.take(), ElementsAre(HasSubstr(R"("status":"ok")")));
  turn();
  EXPECT_THAT(old.take(), ElementsAre(HasSubstr(R"("quiet":1)")));
  EXPECT_THAT(off.take(), IsEmpty());
  EXPECT_THAT(none.take(), IsEmpty());
}

TEST_F(ChannelPresenceTest, NonsenseIsAnsweredWithItsReason) {
  Client c(*hub);
  c.join(kOn);
  c.take();
  c.track("[1]");
  c.text("presence", R"({"type":"presence","event":"shout"})");
  c.text("presence", R"({"event":7})");
  c.track("{\"pad\":\"" + std::string(PresenceLimits().presence_bytes_max, 'x') + "\"}");
  EXPECT_THAT(c.take(),
              ElementsAre(HasSubstr("Presence track payload must be a map"),
                          HasSubstr("UnknownPresenceEvent"), HasSubstr("UnknownPresenceEvent"),
                          HasSubstr("InvalidPresencePayload")));
  EXPECT_EQ(hub->stats().presence_refused, 4u);
  c.text("presence", R"({"type":"presence","event":"TRACK","payload":{"a":1}})");
  turn();
  EXPECT_THAT(c.take(), Contains(HasSubstr(R"("a":1)")));
}

TEST_F(ChannelPresenceTest, ABurstIsCoalescedAndNeverClosesTheSocket) {
  HubLimits limits;
  limits.messages_per_s = 5;
  limits.dropped_per_s = 10;
  limits.presence_per_s = 50;
  open(limits);
  Client c(*hub), watcher(*hub);
  c.join(kOn);
  watcher.join(kOn);
  c.take(), watcher.take();
  for (int n = 0; n < 1000; ++n) c.track("{\"n\":" + std::to_string(n) + "}");
  turn();
  EXPECT_FALSE(c.transport.closed);
  const std::vector<std::string> answers = c.take();
  EXPECT_THAT(answers, Contains(HasSubstr("ClientPresenceRateLimitReached")));
  EXPECT_THAT(answers, Not(Contains(HasSubstr("phx_error"))));
  const std::vector<std::string> diffs = watcher.take();
  EXPECT_THAT(diffs, ElementsAre(HasSubstr(R"("leaves":{})"))) << "one diff for them all";
}

TEST_F(ChannelPresenceTest, RightsDecideOnPrivateTopicsAndANewTokenMayTakeThem) {
  Rights read_only = Rights::all(), write_only = Rights::all();
  read_only.write_presence = false;
  write_only.read_presence = false;
  rights.known = {{"reader", read_only}, {"writer", write_only}, {"both", Rights::all()}};
  const auto join = [](Client& client, std::string_view who) {
    client.text("phx_join", R"({"config":{"private":true,"presence":{"key":")" + std::string(who) +
                                R"("}},"access_token":")" + std::string(who) + R"(|100"})");
  };
  Client reader(*hub), writer(*hub), both(*hub);
  join(reader, "reader"), join(writer, "writer"), join(both, "both");
  EXPECT_THAT(reader.take(), SizeIs(2));
  EXPECT_THAT(writer.take(), SizeIs(1)) << "no state without the right to read it";
  both.take();
  for (Client* one : {&reader, &writer, &both}) one->track("{}");
  EXPECT_THAT(reader.take(), ElementsAre(HasSubstr("Unauthorized: You do not have permissions")));
  turn();
  EXPECT_THAT(reader.take(), ElementsAre(AllOf(HasSubstr("\"writer\""), HasSubstr("\"both\""),
                                               Not(HasSubstr("\"reader\"")))));
  EXPECT_THAT(writer.take(), Each(HasSubstr("phx_reply")));
  both.take();
  both.text("access_token", R"({"access_token":"reader|90"})");
  turn();
  EXPECT_THAT(reader.take(), ElementsAre(HasSubstr(R"("leaves":{"both")")));
  writer.text("access_token", R"({"access_token":"both|90"})");
  turn();
  EXPECT_THAT(writer.take(), Contains(HasSubstr(R"("presence_state",{"writer")")));
  writer.text("access_token", R"({"access_token":"writer|80"})");
  turn();
  EXPECT_THAT(writer.take(), ElementsAre(HasSubstr(R"("presence_state",{}])")));
  writer.text("access_token", R"({"access_token":"nonsense"})");
  EXPECT_THAT(writer.take(), Contains(HasSubstr("phx_error")));
  turn();
  EXPECT_THAT(reader.take(), ElementsAre(HasSubstr(R"("leaves":{"writer")")));
}

TEST_F(ChannelPresenceTest, RandomArrivalsAndCutsOnTwoHubsEndInOneTruth) {
  std::mt19937 random(42);
  struct Guest {
    std::unique_ptr<Client> client;
    std::string key;
    bool tracked = false;
  };
  std::vector<Guest> guests;
  for (int step = 0; step < 2'000; ++step) {
    const size_t dice = random() % 10;
    if (dice < 4 || guests.empty()) {
      Guest guest{std::make_unique<Client>(random() % 2 ? *hub : *far),
                  "k" + std::to_string(random() % 5)};
      guest.client->join("{\"key\":\"" + guest.key + "\"}");
      guests.push_back(std::move(guest));
      continue;
    }
    const size_t index = random() % guests.size();
    Guest& guest = guests[index];
    if (dice < 7) {
      guest.client->track("{\"n\":" + std::to_string(step) + "}");
      guest.tracked = true;
    } else if (dice == 7) {
      guest.client->text("presence", R"({"event":"untrack"})");
      guest.tracked = false;
    } else {
      if (dice == 8) guest.client->hub.close(*guest.client->session, Close::idle);
      guest.client->take();
      guest.client->session.reset();
      guests.erase(guests.begin() + static_cast<std::ptrdiff_t>(index));
    }
    if (step % 100 == 0) turn(10);
  }
  turn();
  std::map<std::string, size_t> truth;
  for (const Guest& guest : guests) truth[guest.key] += guest.tracked ? 1 : 0;
  std::erase_if(truth, [](const auto& key) { return key.second == 0; });
  for (Hub* one : {hub.get(), far.get()}) {
    Client joiner(*one);
    joiner.join(kOn);
    const std::vector<std::string> seen = joiner.take();
    ASSERT_GE(seen.size(), 2u);
    EXPECT_EQ(metas_by_key(seen[1]), truth);
  }
  guests.clear();
  turn();
  for (Hub* one : {hub.get(), far.get()}) {
    Client joiner(*one);
    joiner.join(kOn);
    EXPECT_THAT(joiner.take(), Contains(HasSubstr(R"("presence_state",{}])"))) << "no ghosts";
    EXPECT_EQ(one->stats().presences, 0u);
  }
}

TEST_F(ChannelPresenceTest, AKeyIsMadeWhenNoneIsGivenAndRejoiningLeavesOnePresence) {
  Client c(*hub), watcher(*hub);
  c.join(kOn);
  c.track("{}");
  turn();
  c.text("phx_join", R"({"config":{"presence":{"key":"me"}}})");
  c.text("presence", "{}");
  turn();
  watcher.join(kOn);
  EXPECT_THAT(watcher.take(), Contains(HasSubstr(R"("presence_state",{}])")));
}

}  // namespace
}  // namespace chatpad::realtime
