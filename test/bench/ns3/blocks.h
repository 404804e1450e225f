// A file in blocks of 512 octets, in lock step: a request of 32 octets for each, an answer of 516, and the request again
// when a second has passed without. The shape of TFTP.
#pragma once
#include <functional>
#include <vector>

#include "ns3/core-module.h"
#include "ns3/internet-module.h"

constexpr std::uint16_t BLOCK_PORT = 69;

class BlockServer : public ns3::Object {
 public:
  void Start(ns3::Ptr<ns3::Node> node) {
    socket_ = ns3::Socket::CreateSocket(node, ns3::UdpSocketFactory::GetTypeId());
    socket_->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), BLOCK_PORT));
    socket_->SetRecvCallback(ns3::MakeCallback(&BlockServer::Receive, this));
  }

 private:
  void Receive(ns3::Ptr<ns3::Socket> socket) {
    ns3::Address from;
    while (auto packet = socket->RecvFrom(from)) {
      std::uint8_t block[516] = {};
      packet->CopyData(block, 4);
      socket->SendTo(ns3::Create<ns3::Packet>(block, sizeof block), 0, from);
    }
  }

  ns3::Ptr<ns3::Socket> socket_;
};

class BlockClient : public ns3::Object {
 public:
  BlockClient(ns3::Ptr<ns3::Node> node, ns3::Ipv4Address server, std::uint32_t blocks, std::function<void()> done)
      : node_(node), server_(ns3::InetSocketAddress(server, BLOCK_PORT)), blocks_(blocks), done_(std::move(done)) {}

  void Start() {
    socket_ = ns3::Socket::CreateSocket(node_, ns3::UdpSocketFactory::GetTypeId());
    socket_->Bind();
    socket_->SetRecvCallback(ns3::MakeCallback(&BlockClient::Receive, this));
    Request();
  }

 private:
  void Request() {
    std::uint8_t request[32] = {};
    for (int i = 0; i < 4; i++) request[i] = next_ >> (24 - 8 * i);
    socket_->SendTo(ns3::Create<ns3::Packet>(request, sizeof request), 0, server_);
    timer_ = ns3::Simulator::Schedule(ns3::Seconds(1), &BlockClient::Request, this);
  }

  void Receive(ns3::Ptr<ns3::Socket> socket) {
    ns3::Address from;
    while (auto packet = socket->RecvFrom(from)) {
      std::uint8_t head[4];
      packet->CopyData(head, 4);
      const std::uint32_t block = head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
      if (block != next_) continue;
      timer_.Cancel();
      if (++next_ == blocks_) return done_();
      Request();
    }
  }

  ns3::Ptr<ns3::Node> node_;
  ns3::Address server_;
  std::uint32_t blocks_, next_ = 0;
  std::function<void()> done_;
  ns3::Ptr<ns3::Socket> socket_;
  ns3::EventId timer_;
};
