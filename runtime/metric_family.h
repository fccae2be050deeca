// MetricFamily: name, type and sentence of one metric of the program, as /metrics prints them.
#pragma once

namespace chatpad {

struct MetricFamily {
  const char* name;
  const char* type;  // counter or gauge
  const char* help;
};

}  // namespace chatpad
