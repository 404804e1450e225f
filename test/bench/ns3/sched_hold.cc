// The hold model of an event queue: so many events are pending, each that fires schedules another, 100 ns later on
// average, exponentially distributed.
#include "meter.h"

using namespace ns3;

static Ptr<ExponentialRandomVariable> wait;
static std::uint64_t left;

static void Fire() {
  if (--left == 0) Simulator::Stop();
  else Simulator::Schedule(NanoSeconds(wait->GetValue()), &Fire);
}

int main(int argc, char* argv[]) {
  std::uint64_t pending = 10000;
  left = 2000000;
  std::string scheduler = "ns3::MapScheduler";
  CommandLine arguments;
  arguments.AddValue("pending", "", pending);
  arguments.AddValue("events", "", left);
  arguments.AddValue("scheduler", "", scheduler);
  arguments.Parse(argc, argv);
  Simulator::SetScheduler(ObjectFactory(scheduler));
  wait = CreateObject<ExponentialRandomVariable>();
  wait->SetAttribute("Mean", DoubleValue(100));
  for (std::uint64_t i = 0; i < pending; i++) Simulator::Schedule(NanoSeconds(wait->GetValue()), &Fire);
  meter::Run(36000, "left", [] { return left; });
}
