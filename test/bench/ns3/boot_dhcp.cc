// N hosts on a bridged LAN are switched on one after the other, get an address from ns-3's DHCP server and take a file in
// blocks (blocks.h) from the same machine. 1 Gbit/s, 50 us, loss on every cable.
#include "blocks.h"
#include "meter.h"
#include "ns3/bridge-module.h"
#include "ns3/csma-module.h"
#include "ns3/internet-apps-module.h"

using namespace ns3;

struct Boot {
  Ptr<BlockClient> client;
  bool leased = false;
};

static void Leased(Boot* boot, const Ipv4Address&) {
  if (boot->leased) return;
  boot->leased = true;
  Simulator::Schedule(MilliSeconds(10), &BlockClient::Start, boot->client);
}

int main(int argc, char* argv[]) {
  std::uint32_t hosts = 100, blocks = 200, seed = 1;
  double loss = 0.01, gap = 20;
  CommandLine arguments;
  arguments.AddValue("hosts", "", hosts);
  arguments.AddValue("blocks", "for each host", blocks);
  arguments.AddValue("loss", "of frames, on each cable, half of it each way", loss);
  arguments.AddValue("gap", "milliseconds from one host to the next", gap);
  arguments.AddValue("seed", "", seed);
  arguments.Parse(argc, argv);
  RngSeedManager::SetSeed(seed);
  meter::UseChecksums();

  NodeContainer nodes(hosts + 1);
  InternetStackHelper().Install(nodes);
  auto bridge = CreateObject<Node>();
  CsmaHelper csma;
  csma.SetChannelAttribute("DataRate", StringValue("1Gbps"));
  csma.SetChannelAttribute("Delay", TimeValue(MicroSeconds(50)));
  NetDeviceContainer devices, ports;
  for (std::uint32_t i = 0; i < nodes.GetN(); i++) {
    const auto ends = csma.Install(NodeContainer(nodes.Get(i), bridge));
    meter::LoseFrames(ends.Get(0), loss / 2);
    meter::LoseFrames(ends.Get(1), loss / 2);
    devices.Add(ends.Get(0));
    ports.Add(ends.Get(1));
  }
  BridgeHelper().Install(bridge, ports);
  const Ipv4Address address("10.1.0.1");
  DhcpHelper dhcp;
  dhcp.InstallDhcpServer(devices.Get(0), address, "10.1.0.0", "/16", "10.1.1.0", "10.1.250.0").Start(Seconds(0));
  auto server = CreateObject<BlockServer>();
  server->Start(nodes.Get(0));
  std::uint32_t done = 0;
  std::vector<Boot> boots(hosts);
  for (std::uint32_t i = 0; i < hosts; i++) {
    boots[i].client = CreateObject<BlockClient>(nodes.Get(i + 1), address, blocks, [&] {
      if (++done == hosts) Simulator::Stop();
    });
    auto client = dhcp.InstallDhcpClient(devices.Get(i + 1));
    client.Start(Seconds(1) + MicroSeconds(std::uint64_t(gap * 1000 * i)));
    client.Get(0)->TraceConnectWithoutContext("NewLease", MakeBoundCallback(&Leased, &boots[i]));
  }
  meter::WatchDevices();
  meter::Run(36000, "done", [&] { return done; });
}
