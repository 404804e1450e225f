// What every program here measures: frames put on a wire, by whichever device, and the processor time it took.
//
// These programs link ns-3 (GPL-2.0) and exist to be measured against; nothing else in this repository uses them.
#pragma once
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>

#include "ns3/core-module.h"
#include "ns3/network-module.h"

namespace meter {

inline std::uint64_t frames = 0;

inline void CountFrame(ns3::Ptr<const ns3::Packet>) { frames++; }

// To be called when all devices are there.
inline void WatchDevices() {
  for (const char* device : {"PointToPointNetDevice", "CsmaNetDevice"}) {
    const auto path = std::string("/NodeList/*/DeviceList/*/$ns3::") + device + "/PhyTxEnd";
    ns3::Config::ConnectWithoutContextFailSafe(path, ns3::MakeCallback(&CountFrame));
  }
}

inline double CpuSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// Runs the simulation and prints one line of JSON. `result` is what the workload came to: goodput, or what was done.
template <typename Result>
void Run(double limitSeconds, const char* resultName, Result result) {
  ns3::Simulator::Stop(ns3::Seconds(limitSeconds));
  const double start = CpuSeconds();
  ns3::Simulator::Run();
  const double cpu = CpuSeconds() - start;
  const double virtualSeconds = ns3::Simulator::Now().GetSeconds();
  std::printf("{\"frames\":%llu,\"events\":%llu,\"cpuSeconds\":%.4f,\"virtualSeconds\":%.6f,\"%s\":%.6f}\n",
              (unsigned long long)frames, (unsigned long long)ns3::Simulator::GetEventCount(), cpu, virtualSeconds,
              resultName, (double)result());
  ns3::Simulator::Destroy();
}

// Every checksum computed and checked; without this ns-3 leaves them zero.
inline void UseChecksums() { ns3::GlobalValue::Bind("ChecksumEnabled", ns3::BooleanValue(true)); }

inline void LoseFrames(ns3::Ptr<ns3::NetDevice> device, double rate) {
  if (rate <= 0) return;
  auto model = ns3::CreateObject<ns3::RateErrorModel>();
  model->SetUnit(ns3::RateErrorModel::ERROR_UNIT_PACKET);
  model->SetRate(rate);
  device->SetAttribute("ReceiveErrorModel", ns3::PointerValue(model));
}

}  // namespace meter
