#include "runtime/pg/pool_impl.h"

namespace chatpad::pg {

struct Transaction::Impl {
  Impl(PoolImpl& owner, Role caller) : pool(&owner), role(caller) { pool->ref(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    lease.reset();
    pool->unref();
  }

  // Raises when the transaction has ended or its connection was lost.
  Connection& connection() const {
    if (!lease.connection()) {
      raise(Errc::database_unavailable, PublicText(), LogText("the transaction is over"));
    }
    return *lease.connection();
  }

  PoolImpl* pool;
  Role role;
  Lease lease;
};

Transaction::Transaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Task<Rows> Transaction::query(Statement statement, Params params) {
  Flight flight(*impl_->pool, impl_->connection(), Cargo::query, impl_->role, statement,
                std::move(params));
  Rows rows = co_await flight;
  co_return rows;
}

Task<void> Transaction::commit() {
  Flight flight(*impl_->pool, impl_->connection(), Cargo::commit, impl_->role, Statement(),
                Params());
  Rows none = co_await flight;
  (void)none;
}

Task<void> Transaction::rollback() {
  Flight flight(*impl_->pool, impl_->connection(), Cargo::rollback, impl_->role, Statement(),
                Params());
  Rows none = co_await flight;
  (void)none;
}

Task<Transaction> Pool::begin(Claims claims, uint32_t timeout_ms) {
  PoolImpl& pool = *impl_;
  auto impl = std::make_unique<Transaction::Impl>(pool, claims.role);
  Flight flight(pool, Cargo::begin, std::move(claims), Statement(), Params(), timeout_ms);
  Rows none = co_await flight;
  (void)none;
  impl->lease = flight.take_lease();
  co_return Transaction(std::move(impl));
}

}  // namespace chatpad::pg
