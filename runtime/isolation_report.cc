#include <algorithm>
#include <set>

#include "runtime/isolation.h"

namespace chatpad::isolation {
namespace {

constexpr size_t kColumnChars = 8;

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

void Report::tried(const std::string& subject, const std::string& persona) {
  ++count_;
  const std::lock_guard<std::mutex> lock(mutex_);
  ++cells_[subject][persona].tried;
}

void Report::may(const std::string& subject, const std::string& persona) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cells_[subject][persona].may = true;
}

void Report::hole(const std::string& subject, const std::string& persona, const std::string& what) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cells_[subject][persona].hole = true;
  std::string text = subject + " as " + persona + ": " + what;
  if (std::find(holes_.begin(), holes_.end(), text) == holes_.end()) {
    holes_.push_back(std::move(text));
  }
}

std::vector<std::string> Report::holes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return holes_;
}

std::string Report::matrix() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::set<std::string> personas;
  size_t width = 0;
  for (const auto& [subject, row] : cells_) {
    width = std::max(width, subject.size());
    for (const auto& [persona, cell] : row) personas.insert(persona);
  }
  // The personas have names too long for a column; each gets a number that the legend explains.
  std::string text;
  size_t number = 0;
  std::string head = padded("", width + 2);
  for (const std::string& persona : personas) {
    const std::string short_name = "(" + std::to_string(++number) + ")";
    text += padded(short_name, kColumnChars) + persona + "\n";
    head += padded(short_name, kColumnChars);
  }
  text += "How often each was tried; + is meant to work, ! is a hole.\n\n" + head + "\n";
  for (const auto& [subject, row] : cells_) {
    text += padded(subject, width + 2);
    for (const std::string& persona : personas) {
      const auto cell = row.find(persona);
      std::string shown = cell == row.end() ? "." : std::to_string(cell->second.tried);
      if (cell != row.end() && cell->second.may) shown += "+";
      if (cell != row.end() && cell->second.hole) shown += "!";
      text += padded(shown, kColumnChars);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

std::string marker_of(char account) { return std::string("onlyfor") + account + account + account; }

std::string World::id(const std::string& kind, char account) const {
  const auto& ids = account == 'b' ? ids_b : ids_a;
  const auto found = ids.find(kind);
  if (found == ids.end()) raise(Errc::internal, PublicText("The world has no " + kind + "."));
  return found->second;
}

}  // namespace chatpad::isolation
