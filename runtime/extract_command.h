// chatpad extract: runs the extractor that the program carries (extract/), on standard input. For
// operators who want to see what a file gives; the program itself starts it without this.
#pragma once

#include <string>
#include <vector>

namespace chatpad::commands {

// Does not return when the extractor starts.
int extract(const std::vector<std::string>& arguments);
// Whether it starts here and shuts itself in; for the doctor.
bool extractor_works();

}  // namespace chatpad::commands
