// A small shop's knowledge, shared by the tests of this folder. Not part of the program.
#pragma once

#include <string>
#include <vector>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {

inline std::vector<Passage> shop_passages() {
  const auto row = [](const char* id, const char* title, const char* heading, const char* content) {
    return Passage{id,           std::string("source-") + id,
                   title,        "https://shop.example/" + std::string(id),
                   std::nullopt, heading,
                   content};
  };
  return {
      row("1", "About us", "Opening hours",
          "We are open Monday to Friday from 9:00 to 18:00. On Saturday we close at 14:00."),
      row("2", "About us", "Address", "You find us at 12 Harbour Street in Bristol."),
      row("3", "Shipping", "Shipping within Europe",
          "Parcels leave our store every working day. Delivery takes two to four days. Shipping "
          "costs "
          "4.90 EUR; orders over 50 EUR ship free."),
      row("4", "Returns", "Returning goods",
          "You may return unused goods within 30 days. Please do the following:\n- Print the "
          "label.\n"
          "- Pack the goods.\n- Drop the parcel at any post office.\nThe money is paid back within "
          "a "
          "week."),
      row("5", "Care", "Cleaning oak tables",
          "Wipe the table with a damp cloth. Dr. Smith recommends oil once a year, e.g. linseed "
          "oil."),
  };
}

}  // namespace chatpad::knowledge
