/**
 * Which VLAN a phone is in: L2Q, L2QVLAN, VLANTEST and VLANLIST (avaya.md §1.4).
 *
 *   L2Q 0, 1 and a VLAN: tagged with it.   L2Q 1 without: tagged with VLAN 0.   L2Q 0 without, L2Q 2: untagged.
 *
 * When no DHCP server has answered for VLANTEST seconds the VLAN goes on VLANLIST and the phone does without; a server that
 * then orders it there again is not obeyed until somebody resets the phone. Sets that keep no such list go back and
 * forth for ever.
 */

export class VlanChoice {
  readonly #keepsList: boolean
  readonly #list = new Set<number>()
  #l2q = 0
  #vlan = 0
  #byNeighbour = false

  /** @param keepsList whether the series has VLANLIST */
  constructor(keepsList: boolean) {
    this.#keepsList = keepsList
  }

  get l2q(): number {
    return this.#l2q
  }

  /** L2QVLAN as it counts: 0 after VLANTEST has expired. */
  get vlan(): number {
    return this.#vlan
  }

  /** LLDP gave the VLAN: no option and no file changes it [§1.3]. */
  get isByNeighbour(): boolean {
    return this.#byNeighbour
  }

  /** VLAN identifier of the tag, 0 for a priority tag, undefined untagged. */
  get tag(): number | undefined {
    return tagOf(this.#l2q, this.#vlan)
  }

  /**
   * A boot begins with what is stored.
   *
   * @param manual power or the user began it: VLANs that failed are tried again
   */
  begin({ l2q, vlan }: { readonly l2q: number; readonly vlan: number }, manual: boolean): void {
    if (manual) this.#list.clear()
    this.#byNeighbour = false
    this.#l2q = l2q
    this.#vlan = this.#list.has(vlan) ? 0 : vlan
  }

  /** VLANTEST passed without an offer. */
  expire(): void {
    if (this.#keepsList) this.#list.add(this.#vlan)
    this.#vlan = 0
  }

  /**
   * What an ACK says, either may be missing. A VLAN of 0 orders nothing.
   *
   * @returns whether the phone has to move to another VLAN for it
   */
  order(l2q: number | undefined, vlan: number | undefined): boolean {
    if (this.#byNeighbour) return false
    if (vlan !== undefined && this.#list.has(vlan)) return false
    const before = this.tag ?? 0
    this.#l2q = l2q ?? this.#l2q
    if (vlan !== undefined && vlan !== 0) this.#vlan = vlan
    return (this.tag ?? 0) !== before
  }

  /** What LLDP says. @returns whether that changes the tag */
  follow(l2q: number, vlan: number): boolean {
    if (this.#list.has(vlan)) return false
    const before = this.tag
    this.#byNeighbour = true
    this.#l2q = l2q
    this.#vlan = vlan
    return this.tag !== before
  }
}

function tagOf(l2q: number, vlan: number): number | undefined {
  if (l2q === 2) return undefined
  return vlan > 0 ? vlan : l2q === 1 ? 0 : undefined
}
