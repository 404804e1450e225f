#!/usr/bin/env bash
# Records the captures of this folder that come from real programs: udhcpc, dhclient, dnsmasq, curl, nginx, atftp, atftpd.
# A client and a server live in two network namespaces joined by a veth pair; tcpdump listens at the server's end.
#
#   sudo captures/record.sh [name...]      all of them, or the named ones, into this folder
#
# Needs root and the Debian packages iproute2 ethtool nftables tcpdump udhcpc isc-dhcp-client dnsmasq-base nginx-light curl
# atftp atftpd. A new recording has other times, ports and identifiers than the one that is kept: after it, look at
# the captures and update their golden reports.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
client=bootwire-client
server=bootwire-server
client_mac=00:1b:4f:20:00:01
work=$(mktemp -d)
pids=()

in_client() { ip netns exec $client "$@"; }
in_server() { ip netns exec $server "$@"; }

cleanup() {
  for pid in "${pids[@]:-}"; do [ -n "$pid" ] && kill "$pid" 2> /dev/null || true; done
  pids=()
  [ -f "$work/nginx.pid" ] && kill "$(cat "$work/nginx.pid")" 2> /dev/null || true
  ip netns pids $client 2> /dev/null | xargs -r kill 2> /dev/null || true
  ip netns pids $server 2> /dev/null | xargs -r kill 2> /dev/null || true
  sleep 0.2
  ip netns del $client 2> /dev/null || true
  ip netns del $server 2> /dev/null || true
}
trap 'cleanup; rm -rf "$work"' EXIT

network() {
  cleanup
  ip netns add $client
  ip netns add $server
  ip link add c0 netns $client address $client_mac type veth peer name s0 netns $server address 02:00:00:00:00:02
  for ns in $client $server; do
    ip netns exec $ns sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    ip -n $ns link set lo up
  done
  ip -n $client link set c0 up
  ip -n $server link set s0 up
  ip -n $server addr add 10.20.0.2/24 dev s0
  # As on a real wire: checksums filled in, segments no larger than the MTU.
  in_client ethtool -K c0 tx off tso off gso off gro off > /dev/null
  in_server ethtool -K s0 tx off tso off gso off gro off > /dev/null
}

listen() { # name
  in_server tcpdump -i s0 -U -n -w "$here/$1.pcap" 2> /dev/null &
  pids+=($!)
  sleep 0.7
}

written() { sleep 0.7; cleanup; echo "$1: $(tcpdump -nr "$here/$1.pcap" 2> /dev/null | wc -l) frames"; }

lease() { # udhcpc options: gets an address and sets it, as a phone of the 1600 series asks
  cat > "$work/udhcpc.sh" << 'SCRIPT'
#!/bin/sh
[ "$1" = bound ] && { ip addr flush dev "$interface"; ip addr add "$ip/${mask:-24}" dev "$interface"; }
exit 0
SCRIPT
  chmod +x "$work/udhcpc.sh"
  in_client udhcpc -i c0 -f -q -n -s "$work/udhcpc.sh" -x hostname:AVB200001 -O 242 "$@" 2> /dev/null || true
}

address() { ip -n $client addr add 10.20.0.120/24 dev c0; }

dhcp_server() { # dnsmasq options
  in_server dnsmasq --keep-in-foreground --port=0 --interface=s0 --bind-interfaces --user=root --conf-file=/dev/null \
    --dhcp-range=10.20.0.100,10.20.0.199,255.255.255.0,42d --dhcp-leasefile="$work/leases" --no-ping \
    --dhcp-option=3,10.20.0.1 --dhcp-authoritative "$@" > /dev/null 2>&1 &
  pids+=($!)
  sleep 0.5
}

site_option='--dhcp-option=242,MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'

web_files() {
  mkdir -p "$work/www/backup"
  printf 'IF $MODEL4 SEQ 1608 GOTO SETTINGS\n# SETTINGS\nGET 46xxsettings.txt\n# END\n' > "$work/www/16xxupgrade.txt"
  printf 'SET MCIPADD 10.20.0.5\nSET BRURI "http://10.20.0.2/backup"\n' > "$work/www/46xxsettings.txt"
  printf 'Redial=1\nCall Timer=1\n' > "$work/1001_16xxdata.txt"
  chmod -R a+rwX "$work" "$work/www"
}

web_server() { # extra lines for the server block
  cat > "$work/nginx.conf" << CONF
user root; pid $work/nginx.pid; error_log /dev/null; worker_processes 1; daemon on;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $work/body; server_tokens off;
  server { listen 80; root $work/www; location / { try_files \$uri =404; } $1 } }
CONF
  in_server nginx -c "$work/nginx.conf"
  sleep 0.5
}

get() { in_client curl -s -o /dev/null -A 'AVAYA/1608' --max-time "${2:-10}" "http://10.20.0.2$1" || true; }
put() { in_client curl -s -o /dev/null --max-time 10 -T "$work/1001_16xxdata.txt" "$@" "http://10.20.0.2/backup/1001_16xxdata.txt" || true; }

tftp_server() { # directory
  in_server atftpd --daemon --no-fork --user root --group root --bind-address 10.20.0.2 "$1" > /dev/null 2>&1 &
  pids+=($!)
  sleep 0.5
}

record_udhcpc-dnsmasq-boot() { # a lease with option 242, then script and settings from nginx: all is well
  network; web_files; web_server ''; dhcp_server "$site_option"; listen udhcpc-dnsmasq-boot
  lease; get /16xxupgrade.txt; get /46xxsettings.txt
  written udhcpc-dnsmasq-boot
}

# Something else on the wire after a while: what the client does not do by then, it does not do.
later() { sleep "$1"; in_server bash -c 'echo > /dev/udp/10.20.0.250/9' || true; }

record_udhcpc-dnsmasq-no-option-242() { # the scope lacks the option that was asked for, and nothing follows
  network; dhcp_server; listen udhcpc-dnsmasq-no-option-242; lease; later 60
  written udhcpc-dnsmasq-no-option-242
}

record_udhcpc-no-server() { # four DISCOVERs and silence
  network; listen udhcpc-no-server; lease -t 4 -T 2; sleep 4
  written udhcpc-no-server
}

record_dhclient-dnsmasq-nak() { # asks for an address of another subnet, is refused, then served
  network; dhcp_server "$site_option"; listen dhclient-dnsmasq-nak
  cat > "$work/dhclient.conf" << 'CONF'
send host-name "AVB200001";
option avaya-242 code 242 = text;
request subnet-mask, routers, domain-name-servers, avaya-242;
CONF
  cat > "$work/dhclient.leases" << 'LEASES'
lease {
  interface "c0";
  fixed-address 192.168.77.50;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 3628800;
  option dhcp-server-identifier 192.168.77.1;
  renew 1 2035/01/01 00:00:00;
  rebind 2 2036/01/01 00:00:00;
  expire 3 2037/01/01 00:00:00;
}
LEASES
  in_client timeout 20 dhclient -1 -d -cf "$work/dhclient.conf" -lf "$work/dhclient.leases" -pf "$work/dhclient.pid" \
    -sf /bin/true c0 > /dev/null 2>&1 || true
  written dhclient-dnsmasq-nak
}

record_curl-nginx-settings-404() { # the script is there, the settings file is not
  network; web_files; rm "$work/www/46xxsettings.txt"; web_server ''; dhcp_server "$site_option"; listen curl-nginx-settings-404
  lease; get /16xxupgrade.txt; get /46xxsettings.scr; get /46xxsettings.txt
  written curl-nginx-settings-404
}

record_curl-http-refused() { # no web server: RST to each SYN
  network; dhcp_server "$site_option"; listen curl-http-refused; lease
  get /16xxupgrade.txt; sleep 1; get /16xxupgrade.txt
  written curl-http-refused
}

record_curl-http-blackholed() { # a firewall swallows the SYNs
  network; web_files; web_server ''; dhcp_server "$site_option"
  in_server nft 'add table inet f; add chain inet f i { type filter hook input priority 0; }; add rule inet f i tcp dport 80 drop'
  listen curl-http-blackholed; lease; get /16xxupgrade.txt 12; sleep 3
  written curl-http-blackholed
}

record_curl-nginx-put-405() { # nginx without DAV refuses the backup
  network; web_files; web_server ''; dhcp_server "$site_option"; listen curl-nginx-put-405
  lease; get /16xxupgrade.txt; get /46xxsettings.txt; put
  written curl-nginx-put-405
}

record_curl-nginx-put-401-then-201() { # the challenge is answered and the backup stored: healthy
  network; web_files
  printf 'phone:{PLAIN}secret\n' > "$work/htpasswd"; chmod a+r "$work/htpasswd"
  web_server "location /backup/ { auth_basic backup; auth_basic_user_file $work/htpasswd; dav_methods PUT; }"
  dhcp_server "$site_option"; listen curl-nginx-put-401-then-201
  lease; get /16xxupgrade.txt; get /46xxsettings.txt; put; put --user phone:secret
  written curl-nginx-put-401-then-201
}

record_curl-nginx-put-401-wrong-password() { # the credentials are rejected
  network; web_files
  printf 'phone:{PLAIN}secret\n' > "$work/htpasswd"; chmod a+r "$work/htpasswd"
  web_server "location /backup/ { auth_basic backup; auth_basic_user_file $work/htpasswd; dav_methods PUT; }"
  dhcp_server "$site_option"; listen curl-nginx-put-401-wrong-password
  lease; get /16xxupgrade.txt; get /46xxsettings.txt; put; put --user phone:guess
  written curl-nginx-put-401-wrong-password
}

record_curl-nginx-hang() { # the request is acknowledged and never answered: nginx waits for a dead upstream
  network; web_files
  in_server nft 'add table inet f; add chain inet f i { type filter hook input priority 0; }; add rule inet f i tcp dport 9 drop'
  web_server 'location = /16xxupgrade.txt { proxy_pass http://127.0.0.1:9; }'
  dhcp_server "$site_option"; listen curl-nginx-hang; lease; get /16xxupgrade.txt 12; sleep 2
  written curl-nginx-hang
}

record_atftp-blksize() { # a file in blocks of 1024 octets, option negotiated
  network; mkdir -p "$work/tftp"; head -c 5000 /dev/zero | tr '\0' 'x' > "$work/tftp/46xxupgrade.scr"; chmod -R a+rX "$work"
  address; tftp_server "$work/tftp"; listen atftp-blksize
  (cd "$work" && in_client atftp --option 'blksize 1024' -g -r 46xxupgrade.scr -l "$work/got" 10.20.0.2 > /dev/null 2>&1) || true
  written atftp-blksize
}

record_atftp-file-not-found() { # ERROR 1 for the script
  network; rm -rf "$work/tftp"; mkdir "$work/tftp"; chmod -R a+rX "$work"; address; tftp_server "$work/tftp"; listen atftp-file-not-found
  (cd "$work" && in_client atftp -g -r 46xxupgrade.scr -l "$work/got" 10.20.0.2 > /dev/null 2>&1) || true
  written atftp-file-not-found
}

record_atftp-silent-server() { # a firewall swallows the requests
  network; address
  in_server nft 'add table inet f; add chain inet f i { type filter hook input priority 0; }; add rule inet f i udp dport 69 drop'
  listen atftp-silent-server
  (cd "$work" && timeout 17 ip netns exec $client atftp --tftp-timeout 3 -g -r 46xxupgrade.scr -l "$work/got" 10.20.0.2 > /dev/null 2>&1) || true
  written atftp-silent-server
}

all=$(declare -F | sed -n 's/^declare -f record_//p')
for name in ${*:-$all}; do "record_$name"; done
