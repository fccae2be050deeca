// What the coroutine rules (task.h, docs/style.md) rest on: the forms the program uses must work on
// this compiler, with every object freed exactly once, whether a coroutine runs to its end or is
// destroyed at any of its suspensions.
//
// Forms that g++ 12.2 miscompiles are never written, so they are not run here either:
//   - co_await in the condition of if, while or switch (without a named local the body never runs)
//   - a lambda with non-trivial captures in an expression that awaits (captures freed twice)
//   - a braced aggregate with non-trivial members in such an expression (members freed twice)
//   - cond ? co_await a() : T(), and class temporaries of a ternary in an awaiting expression
//   - an awaiter that is a braced aggregate with non-trivial members
//   - an initializer list in an awaiting expression (does not compile)
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/coro/live_object.h"
#include "runtime/coro/task.h"

namespace chatpad {
namespace {

// A place to suspend: counts down to the suspension that the test wants to stop at.
class Stops {
 public:
  class Awaiter {
   public:
    explicit Awaiter(Stops& stops) : stops_(stops) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) { stops_.waiting_ = awaiting; }
    void await_resume() const noexcept {}

   private:
    Stops& stops_;
  };
  Awaiter stop() { return Awaiter(*this); }
  bool resume() {
    if (!waiting_) return false;
    std::exchange(waiting_, nullptr).resume();
    return true;
  }

 private:
  std::coroutine_handle<> waiting_;
};

Task<LiveObject> make(Stops& stops, int value) {
  co_await stops.stop();
  LiveObject object(value);
  co_await stops.stop();
  co_return object;
}

Task<int> take(Stops& stops, LiveObject object, std::string text) {
  co_await stops.stop();
  co_return object.value() + static_cast<int>(text.size());
}

Task<int> fail(Stops& stops, LiveObject object) {
  co_await stops.stop();
  if (object.value() != 0) throw std::runtime_error("asked for");
  co_return 0;
}

// The forms in use, one coroutine each. All give 42.
Task<int> named_result(Stops& stops) {
  const LiveObject object = co_await make(stops, 42);
  co_return object.value();
}

Task<int> constructor_arguments(Stops& stops) {
  const int sum = co_await take(stops, LiveObject(40), std::string("ab"));
  co_return sum;
}

Task<int> moved_arguments(Stops& stops) {
  LiveObject object(40);
  std::string text = "ab";
  const int sum = co_await take(stops, std::move(object), std::move(text));
  co_return sum;
}

Task<int> result_then_condition(Stops& stops) {
  const LiveObject first = co_await make(stops, 1);
  if (first.value() == 1) {
    const LiveObject second = co_await make(stops, 42);
    co_return second.value();
  }
  co_return 0;
}

Task<int> loop_with_results(Stops& stops) {
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    const LiveObject object = co_await make(stops, 14);
    sum += object.value();
  }
  co_return sum;
}

Task<int> while_loop_around(Stops& stops) {
  std::vector<LiveObject> objects;
  while (objects.size() < 2) {
    LiveObject object = co_await make(stops, 21);
    objects.push_back(std::move(object));
  }
  co_return objects[0].value() + objects[1].value();
}

Task<int> switch_on_result(Stops& stops) {
  const LiveObject object = co_await make(stops, 7);
  switch (object.value()) {
    case 7: {
      const LiveObject other = co_await make(stops, 42);
      co_return other.value();
    }
    default:
      co_return 0;
  }
}

Task<int> exception_and_recovery(Stops& stops) {
  const LiveObject outer(42);
  bool failed = false;
  try {
    const LiveObject inner(1);
    const int unused = co_await fail(stops, LiveObject(5));
    co_return unused;
  } catch (const std::runtime_error&) {
    failed = true;
  }
  // No co_await stands in a handler: it is left first.
  const LiveObject after = co_await make(stops, outer.value());
  co_return failed ? after.value() : 0;
}

Task<int> statement_without_result(Stops& stops) {
  co_await stops.stop();
  co_await stops.stop();
  co_return 42;
}

Task<int> early_return_without_locals(Stops& stops, std::string text) {
  if (text.empty()) co_return 0;
  co_await stops.stop();
  co_return 42;
}

Task<int> early_return(Stops& stops) {
  const int value = co_await early_return_without_locals(stops, std::string("x"));
  co_return value;
}

Task<int> stored_task(Stops& stops) {
  Task<LiveObject> task = make(stops, 42);
  const LiveObject object = co_await std::move(task);
  co_return object.value();
}

Task<int> pointer_result(Stops& stops) {
  const LiveObject object = co_await make(stops, 42);
  auto owned = std::make_unique<LiveObject>(object);
  co_await stops.stop();
  co_return owned->value();
}

int plain_with_lambda(std::function<int()> fn) { return fn(); }

Task<int> lambda_in_its_own_statement(Stops& stops) {
  const LiveObject object = co_await make(stops, 41);
  const int value = plain_with_lambda([object] { return object.value(); });
  co_await stops.stop();
  co_return value + 1;
}

struct Aggregate {
  LiveObject object;
  std::string text;
};

Task<int> take_aggregate(Stops& stops, Aggregate aggregate) {
  co_await stops.stop();
  co_return aggregate.object.value();
}

Task<int> named_aggregate(Stops& stops) {
  Aggregate aggregate{LiveObject(42), "text"};
  const int value = co_await take_aggregate(stops, std::move(aggregate));
  co_return value;
}

Task<int> three_deep(Stops& stops) {
  const int value = co_await named_result(stops);
  const int again = co_await loop_with_results(stops);
  co_return value == again ? value : 0;
}

using Form = Task<int> (*)(Stops&);
struct Named {
  const char* name;
  Form form;
};

const Named kForms[] = {
    {"named result", named_result},
    {"constructor arguments", constructor_arguments},
    {"moved arguments", moved_arguments},
    {"result then condition", result_then_condition},
    {"for loop", loop_with_results},
    {"while loop", while_loop_around},
    {"switch on a result", switch_on_result},
    {"exception and recovery", exception_and_recovery},
    {"statement without result", statement_without_result},
    {"early return", early_return},
    {"stored task", stored_task},
    {"pointer result", pointer_result},
    {"lambda in its own statement", lambda_in_its_own_statement},
    {"named aggregate", named_aggregate},
    {"three deep", three_deep},
};

TEST(Compiler, EveryFormInUseRunsToItsEndAndFreesEverything) {
  for (const Named& named : kForms) {
    {
      Stops stops;
      Task<int> task = named.form(stops);
      EXPECT_FALSE(task.done()) << named.name;
      task.start(nullptr);
      while (stops.resume()) {
      }
      ASSERT_TRUE(task.done()) << named.name;
      EXPECT_EQ(task.take(), 42) << named.name;
    }
    EXPECT_EQ(LiveObject::count(), 0) << named.name;
  }
}

TEST(Compiler, EveryFormInUseMayBeDestroyedAtEverySuspension) {
  for (const Named& named : kForms) {
    bool finished = false;
    for (int stop_at = 0; !finished; ++stop_at) {
      {
        Stops stops;
        Task<int> task = named.form(stops);
        task.start(nullptr);
        for (int i = 0; i < stop_at && !task.done(); ++i) stops.resume();
        finished = task.done();
      }
      EXPECT_EQ(LiveObject::count(), 0) << named.name << " destroyed at suspension " << stop_at;
      ASSERT_LT(stop_at, 100) << named.name;
    }
  }
}

TEST(Compiler, EveryFormInUseMayBeDestroyedBeforeItStarts) {
  for (const Named& named : kForms) {
    {
      Stops stops;
      const Task<int> task = named.form(stops);
    }
    EXPECT_EQ(LiveObject::count(), 0) << named.name;
  }
}

}  // namespace
}  // namespace chatpad
