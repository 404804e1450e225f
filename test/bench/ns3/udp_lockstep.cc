// N clients on a bridged LAN take a file in blocks (blocks.h) from a server behind a router and 1 Gbit/s, 2 ms, loss.
#include "blocks.h"
#include "meter.h"
#include "ns3/bridge-module.h"
#include "ns3/csma-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

int main(int argc, char* argv[]) {
  std::uint32_t hosts = 100, blocks = 500, seed = 1;
  double loss = 0.01;
  CommandLine arguments;
  arguments.AddValue("hosts", "", hosts);
  arguments.AddValue("blocks", "for each host", blocks);
  arguments.AddValue("loss", "of frames, each way", loss);
  arguments.AddValue("seed", "", seed);
  arguments.Parse(argc, argv);
  RngSeedManager::SetSeed(seed);
  meter::UseChecksums();

  NodeContainer wide(2), members(hosts);
  InternetStackHelper stack;
  stack.Install(wide);
  stack.Install(members);
  PointToPointHelper pointToPoint;
  pointToPoint.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
  pointToPoint.SetChannelAttribute("Delay", StringValue("2ms"));
  const auto uplink = pointToPoint.Install(wide);
  meter::LoseFrames(uplink.Get(0), loss);
  meter::LoseFrames(uplink.Get(1), loss);
  CsmaHelper csma;
  csma.SetChannelAttribute("DataRate", StringValue("1Gbps"));
  csma.SetChannelAttribute("Delay", TimeValue(MicroSeconds(1)));
  NodeContainer onLan(wide.Get(1));
  onLan.Add(members);
  auto bridge = CreateObject<Node>();
  NetDeviceContainer devices, ports;
  for (std::uint32_t i = 0; i < onLan.GetN(); i++) {
    const auto ends = csma.Install(NodeContainer(onLan.Get(i), bridge));
    devices.Add(ends.Get(0));
    ports.Add(ends.Get(1));
  }
  BridgeHelper().Install(bridge, ports);
  Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.0");
  const auto uplinkAddresses = addresses.Assign(uplink);
  addresses.SetBase("10.1.0.0", "255.255.0.0");
  const auto lanAddresses = addresses.Assign(devices);
  Ipv4StaticRoutingHelper routes;
  routes.GetStaticRouting(wide.Get(0)->GetObject<Ipv4>())
      ->AddNetworkRouteTo("10.1.0.0", "255.255.0.0", uplinkAddresses.GetAddress(1), 1);

  auto server = CreateObject<BlockServer>();
  server->Start(wide.Get(0));
  std::uint32_t done = 0;
  std::vector<Ptr<BlockClient>> clients;
  for (std::uint32_t i = 0; i < hosts; i++) {
    routes.GetStaticRouting(members.Get(i)->GetObject<Ipv4>())->SetDefaultRoute(lanAddresses.GetAddress(0), 1);
    clients.push_back(CreateObject<BlockClient>(members.Get(i), uplinkAddresses.GetAddress(0), blocks, [&] {
      if (++done == hosts) Simulator::Stop();
    }));
    Simulator::Schedule(MilliSeconds(i), &BlockClient::Start, clients[i]);
  }
  meter::WatchDevices();
  meter::Run(36000, "done", [&] { return done; });
}
