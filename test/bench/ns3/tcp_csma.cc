// A server --100 Mbit/s, 5 ms, loss-- router --LAN-- N hosts that each take a file over TCP at the same time. The LAN is
// one shared CSMA segment of 100 Mbit/s, or a learning bridge with a segment of its own for each host.
#include "meter.h"
#include "ns3/applications-module.h"
#include "ns3/bridge-module.h"
#include "ns3/csma-module.h"
#include "ns3/internet-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static std::uint32_t unfinished;
static std::uint64_t octetsEach;
static std::vector<std::uint64_t> received;

static void Received(std::uint32_t host, Ptr<const Packet> packet, const Address&) {
  const auto before = received[host];
  received[host] += packet->GetSize();
  if (before < octetsEach && received[host] >= octetsEach && --unfinished == 0) Simulator::Stop();
}

int main(int argc, char* argv[]) {
  std::uint32_t hosts = 50, seed = 1;
  double loss = 0.01;
  std::string lan = "bridge";
  octetsEach = 500000;
  CommandLine arguments;
  arguments.AddValue("hosts", "", hosts);
  arguments.AddValue("octets", "for each host", octetsEach);
  arguments.AddValue("loss", "of frames, on the way to the hosts", loss);
  arguments.AddValue("lan", "bridge or shared", lan);
  arguments.AddValue("seed", "", seed);
  arguments.Parse(argc, argv);
  RngSeedManager::SetSeed(seed);
  meter::UseChecksums();
  Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TcpCubic::GetTypeId()));
  Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
  unfinished = hosts;
  received.assign(hosts, 0);

  NodeContainer wide(2), members(hosts);
  InternetStackHelper stack;
  stack.Install(wide);
  stack.Install(members);
  PointToPointHelper pointToPoint;
  pointToPoint.SetDeviceAttribute("DataRate", StringValue("100Mbps"));
  pointToPoint.SetChannelAttribute("Delay", StringValue("5ms"));
  const auto uplink = pointToPoint.Install(wide);
  meter::LoseFrames(uplink.Get(1), loss);
  CsmaHelper csma;
  csma.SetChannelAttribute("DataRate", StringValue("100Mbps"));
  csma.SetChannelAttribute("Delay", TimeValue(MicroSeconds(1)));
  NodeContainer onLan(wide.Get(1));
  onLan.Add(members);
  NetDeviceContainer devices;
  if (lan == "shared") {
    devices = csma.Install(onLan);
  } else {
    auto bridge = CreateObject<Node>();
    NetDeviceContainer ports;
    for (std::uint32_t i = 0; i < onLan.GetN(); i++) {
      const auto ends = csma.Install(NodeContainer(onLan.Get(i), bridge));
      devices.Add(ends.Get(0));
      ports.Add(ends.Get(1));
    }
    BridgeHelper().Install(bridge, ports);
  }
  Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.0");
  const auto uplinkAddresses = addresses.Assign(uplink);
  addresses.SetBase("10.1.0.0", "255.255.0.0");
  const auto lanAddresses = addresses.Assign(devices);
  Ipv4StaticRoutingHelper routes;
  routes.GetStaticRouting(wide.Get(0)->GetObject<Ipv4>())
      ->AddNetworkRouteTo("10.1.0.0", "255.255.0.0", uplinkAddresses.GetAddress(1), 1);
  for (std::uint32_t i = 0; i < hosts; i++) {
    routes.GetStaticRouting(members.Get(i)->GetObject<Ipv4>())->SetDefaultRoute(lanAddresses.GetAddress(0), 1);
    PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 80));
    sink.Install(members.Get(i)).Get(0)->TraceConnectWithoutContext("Rx", MakeBoundCallback(&Received, i));
    BulkSendHelper bulk("ns3::TcpSocketFactory", InetSocketAddress(lanAddresses.GetAddress(i + 1), 80));
    bulk.SetAttribute("MaxBytes", UintegerValue(octetsEach));
    bulk.SetAttribute("SendSize", UintegerValue(14480));
    bulk.Install(wide.Get(0)).Start(MilliSeconds(7 * i));
  }
  meter::WatchDevices();
  meter::Run(3600, "done", [&] { return hosts - unfinished; });
}
