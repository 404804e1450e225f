// Bulk TCP through two routers: server --1 Gbit/s, 1 ms-- r --100 Mbit/s, 10 ms, 250 packets-- r --1 Gbit/s, 1 ms-- client.
#include "meter.h"
#include "ns3/applications-module.h"
#include "ns3/internet-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

int main(int argc, char* argv[]) {
  double seconds = 10, loss = 0;
  std::uint32_t flows = 1, seed = 1;
  CommandLine arguments;
  arguments.AddValue("seconds", "virtual", seconds);
  arguments.AddValue("loss", "of frames, at the bottleneck", loss);
  arguments.AddValue("flows", "", flows);
  arguments.AddValue("seed", "", seed);
  arguments.Parse(argc, argv);
  RngSeedManager::SetSeed(seed);
  meter::UseChecksums();
  Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TcpCubic::GetTypeId()));
  Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
  Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(1 << 20));
  Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(1 << 20));

  NodeContainer servers(flows), clients(flows), routers(2);
  InternetStackHelper stack;
  stack.Install(servers);
  stack.Install(clients);
  stack.Install(routers);
  PointToPointHelper edge, middle;
  edge.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
  edge.SetChannelAttribute("Delay", StringValue("1ms"));
  middle.SetDeviceAttribute("DataRate", StringValue("100Mbps"));
  middle.SetChannelAttribute("Delay", StringValue("10ms"));
  middle.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("250p"));

  Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.0");
  const auto bottleneck = middle.Install(routers);
  meter::LoseFrames(bottleneck.Get(1), loss);
  addresses.Assign(bottleneck);
  std::vector<Ipv4Address> destinations;
  addresses.SetBase("10.1.0.0", "255.255.255.252");
  for (std::uint32_t i = 0; i < flows; i++) {
    addresses.Assign(edge.Install(servers.Get(i), routers.Get(0)));
    addresses.NewNetwork();
    destinations.push_back(addresses.Assign(edge.Install(clients.Get(i), routers.Get(1))).GetAddress(0));
    addresses.NewNetwork();
  }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();

  ApplicationContainer sinks;
  for (std::uint32_t i = 0; i < flows; i++) {
    BulkSendHelper bulk("ns3::TcpSocketFactory", InetSocketAddress(destinations[i], 80));
    bulk.SetAttribute("SendSize", UintegerValue(14480));
    bulk.Install(servers.Get(i)).Start(MilliSeconds(10 * i));
    sinks.Add(PacketSinkHelper("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 80)).Install(clients.Get(i)));
  }
  meter::WatchDevices();
  meter::Run(seconds, "megabitsPerSecond", [&] {
    std::uint64_t octets = 0;
    for (std::uint32_t i = 0; i < flows; i++) octets += DynamicCast<PacketSink>(sinks.Get(i))->GetTotalRx();
    return octets * 8 / seconds / 1e6;
  });
}
