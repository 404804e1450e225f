/**
 * What a phone keeps without power about its network: VLAN, manual addresses and servers, 802.1X (avaya.md §1.2-1.4,
 * §1.11; the names in capitals are the manuals').
 */

/** What the user typed in at the phone instead of DHCP. Addresses are uint32. */
export interface StaticAddress {
  readonly address: number
  readonly mask: number
  readonly router: number
}

export interface Dot1xCredentials {
  /** Digits and letters of the MAC unless the user typed another. */
  readonly identity: string
  readonly password: string
}

/** What was in use when the phone last registered, for REUSETIME [avaya.md 1.9]. */
export interface ReusableAddress {
  readonly address: number
  readonly mask: number
  readonly routers: readonly number[]
  /** VLAN of the frames, undefined untagged. */
  readonly vid: number | undefined
}

export interface NetworkMemory {
  /** NVL2Q: 0 auto, 1 tagging, 2 no tagging. */
  l2q: number
  /** NVL2QVLAN, 0 to 4094. */
  vlan: number
  /** VLANTEST, seconds; 0 for ever. */
  vlanTest: number
  /** DHCPSTD 1 drops an address whose lease has ended. */
  dropsExpiredLease: boolean
  /** REUSETIME, seconds; 0 never. Read by series that know it only. */
  reuseTime: number
  /** STATIC: 1 the manual file server wins over DHCP, 2 the call server, 3 both. */
  manualWins: number
  /** NVFILESRVR and NVCALLSRVR: lists with commas, empty from the factory. */
  fileServers: string
  callServers: string
  staticAddress: StaticAddress | undefined
  /** The supplicant is off without them (DOT1XSTAT 0). */
  dot1x: Dot1xCredentials | undefined
  reusable: ReusableAddress | undefined
}

export function newNetworkMemory(): NetworkMemory {
  return {
    l2q: 0,
    vlan: 0,
    vlanTest: 60,
    dropsExpiredLease: false,
    reuseTime: 60,
    manualWins: 0,
    fileServers: '',
    callServers: '',
    staticAddress: undefined,
    dot1x: undefined,
    reusable: undefined,
  }
}
